package import ConvoxManifest
import DrydockBase

/// A type of resource that can be created on its own.
///
/// The names of its keys are those of the Rack API's JSON.
package struct ResourceKind: Sendable, Hashable, Codable {
  /// The type's name.
  package var name: String
  /// The options that it takes.
  package var parameters: [ResourceParameter]

  /// A type of these parts.
  package init(name: String, parameters: [ResourceParameter]) {
    self.name = name
    self.parameters = parameters
  }

  /// An engine's type; what refers to another resource of the same convox.yml has no place outside of one.
  fileprivate init(_ type: ResourceType) {
    let rules = type.options.filter { $0.kind != .resourceReference }
    self.init(
      name: type.name,
      parameters: rules.map {
        ResourceParameter(name: $0.name, default: $0.defaultValue ?? "", description: $0.summary)
      })
  }

  /// Refuses options that the type does not take.
  /// - Throws: `DrydockError.failed`.
  package func refuseUnknown(_ values: [String: String]) throws {
    if values[""] != nil { throw DrydockError(.failed, "Name=Value expected: an option has no name") }
    let known = parameters.map(\.name)
    guard let name = values.keys.sorted().first(where: { !known.contains($0) }) else { return }
    throw DrydockError(
      .failed, "unknown option \(name) for \(self.name)",
      suggestion: nearest(to: name, in: known).map { "did you mean \($0)?" }
        ?? "it takes \(known.joined(separator: ", "))")
  }

  /// Values as they reach AWS: without empty ones, and a version of redis or memcached with a minor number.
  package func settled(_ values: [String: String], in catalog: ResourceCatalog) -> [String: String] {
    var values = values.filter { !$0.value.isEmpty }
    let appends = catalog.type(named: name)?.appendsMinorVersion == true
    if appends, let version = values["version"], !version.contains(".") { values["version"] = version + ".0" }
    return values
  }

  /// Refuses empty values of options that always have one; of others they take back what was set.
  /// - Throws: `DrydockError.failed`.
  package func refuseEmpty(_ values: [String: String]) throws {
    for option in parameters where !option.default.isEmpty && values[option.name]?.isEmpty == true {
      throw DrydockError(
        .failed, "\(option.name) takes a value",
        suggestion: "its default is \(option.default): \(option.name)=\(option.default)")
    }
  }

  /// The defaults of the options that have one.
  package var defaults: [String: String] {
    Dictionary(parameters.map { ($0.name, $0.default) }) { $1 }.filter { !$0.value.isEmpty }
  }
}

extension ResourceCatalog {
  /// Every type that can be created, in the order in which they are listed to users.
  package var kinds: [ResourceKind] { types.map { ResourceKind($0) } + [SyslogDrain.kind] }

  /// The type of that name that can be created.
  /// - Throws: `DrydockError.failed` with the nearest name and the list.
  package func kind(_ name: String) throws -> ResourceKind {
    let kinds = kinds
    if let kind = kinds.first(where: { $0.name == name }) { return kind }
    let known = kinds.map(\.name)
    let guess = nearest(to: name, in: known).map { "did you mean \($0)? " } ?? ""
    throw DrydockError(
      .failed, "no such resource type: \(name)",
      suggestion: "\(guess)there is \(known.joined(separator: ", "))")
  }
}

/// An option of a type of resource.
package struct ResourceParameter: Sendable, Hashable, Codable {
  package var name: String
  /// What it is when nobody sets it; empty for nothing.
  package var `default`: String
  /// What it is, in a few words.
  package var description: String
}
