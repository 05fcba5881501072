package import AppState
package import ConvoxManifest
import DrydockBase
package import Engines

/// One resource as it is wanted: the manifest's words joined with its engine's rules.
package struct ResourceSpec: Sendable {
  /// The resource's name.
  package var name: String
  /// The engine of its type.
  package var engine: any Engine
  /// The version as AWS would get it.
  package var version: String
  /// v3's `image:`.
  package var image: String?
  /// The options, defaults included.
  package var options: [String: String]
  /// The resource of which this one is a read replica.
  package var source: String?
  /// What the manifest says of it; nil for a resource that is known from its record alone.
  package var declaration: Resource?
  /// What was accepted of its options although AWS would not do it: the values that AWS has, by option.
  package var accepted: [String: String] = [:]
  /// A URL in the app env that stands in for it: nothing is started then.
  package var externalURL: String?

  /// What it is called in messages about versions: the type, or which of its engines it is.
  package var product: String { engine.server?.product ?? type }

  /// The type's name.
  package var type: String { engine.resourceType.name }

  /// Whether somebody asked for its version: the manifest names it or an image, or did when the data was made. Else it is
  /// what a rack takes by default.
  package var namesVersion: Bool {
    guard let declaration, image == nil else { return true }
    return declaration.option("version").map { !$0.isEmpty } ?? false
      || version != engine.resourceType.option("version")?.defaultValue
  }

  /// The specs of a manifest's resources, in its order.
  package static func specs(
    of manifest: Manifest, in catalog: ResourceCatalog, appEnvironment: [String: String]
  ) throws -> [ResourceSpec] {
    try manifest.resources.map { try ResourceSpec($0, in: catalog, appEnvironment: appEnvironment) }
  }

  /// A spec of these parts, for a resource that is known from its record alone.
  package init(name: String, engine: any Engine, version: String, options: [String: String]) {
    self.name = name
    self.engine = engine.variant(options)
    self.version = version
    self.options = options
  }

  /// What is recorded of a resource that the manifest no longer names; nil for a type that nobody knows.
  package init?(recorded name: String, _ record: ResourceRecord, in catalog: ResourceCatalog) {
    guard let engine = catalog.engine(record.type) else { return nil }
    self.init(name: name, engine: engine, version: record.wantedVersion, options: record.options)
    self.source = record.source
    self.accepted = record.acceptedOptions ?? [:]
  }

  /// A resource of a manifest, with its defaults.
  /// - Throws: `DrydockError.internalFault` for a type that the catalog does not have: no manifest with one is read.
  package init(_ resource: Resource, in catalog: ResourceCatalog, appEnvironment: [String: String]) throws {
    guard let engine = catalog.engine(resource.type) else {
      throw DrydockError(.internalFault, "no engine for the type \(resource.type) of \(resource.name)")
    }
    self.name = resource.name
    self.image = resource.image
    var options: [String: String] = [:]
    for rule in engine.resourceType.options { options[rule.name] = rule.defaultValue }
    for option in resource.options where !option.value.isEmpty { options[option.name] = option.value }
    self.declaration = resource
    self.engine = engine.variant(options)
    self.options = options
    self.version = options["version"] ?? ""
    self.source = options["readSourceDB"].flatMap(ResourceOption.referencedName)
    let url = appEnvironment["\(resource.environmentPrefix)_URL"]
    let isBlank = url?.allSatisfy(\.isWhitespace) ?? true
    self.externalURL = isBlank || !engine.resourceType.hasVariables ? nil : url
  }
}
