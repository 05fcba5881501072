package import AppState
package import ConvoxManifest
import DrydockBase
import Engines

/// The specs of a manifest laid over what is deployed.
package struct SettledSpecs: Sendable {
  /// The specs, their options and versions in force.
  package var specs: [ResourceSpec]
  /// What became of the options, by resource.
  package var settlements: [String: OptionSettlement]

  /// Lays specs over what an instance recorded.
  /// - Parameters:
  ///   - specs: The manifest's resources.
  ///   - state: What was recorded before.
  ///   - catalog: The types that there are.
  ///   - selected: The names that are brought up; nil for all. Others are settled, and nothing is said of them.
  ///   - accepting: The names that go on with their data where AWS would refuse.
  package init(
    _ specs: [ResourceSpec], over state: InstanceState, in catalog: ResourceCatalog,
    selected: Set<String>? = nil, accepting: Set<String> = []
  ) {
    self.specs = []
    self.settlements = [:]
    for spec in specs {
      let (settled, settlement) = spec.settled(
        over: state.resources[spec.name], in: catalog, accepts: accepting.contains(spec.name))
      self.specs.append(settled)
      if selected?.contains(spec.name) ?? true { settlements[spec.name] = settlement }
    }
    checkReplicas()
    for index in self.specs.indices {
      let settlement = settlements[self.specs[index].name]
      self.specs[index].accepted = settlement?.accepted ?? self.specs[index].accepted
    }
  }

  /// What to say of them, in the manifest's order.
  package var findings: [Diagnostic] { specs.flatMap { settlements[$0.name]?.findings ?? [] } }

  /// What AWS would refuse of them at a deploy, and works here all the same.
  package var deployErrors: [Diagnostic] { specs.flatMap { settlements[$0.name]?.deployErrors ?? [] } }

  /// Refuses what cannot be done to what is deployed; nothing was changed by then.
  /// - Throws: `DrydockError.dataMismatch` with every reason, or `.manifestInvalid` where no data matters.
  package func refuse() throws {
    let errors = findings.filter { $0.severity == .error }
    guard let first = errors.first else { return }
    let contradicts = settlements.values.contains { $0.contradictsDeployment }
    throw DrydockError(
      contradicts ? .dataMismatch : .manifestInvalid, "\(first.location): \(first.message)",
      suggestion: first.suggestion,
      details: errors.dropFirst().map {
        "\($0.location): \($0.message)" + ($0.suggestion.map { "; \($0)" } ?? "")
      })
  }

  /// What a reader of the manifest would not expect, as messages.
  /// - Parameter withPlaces: Whether the places mean something to the reader: nobody wrote a created one's manifest.
  package static func lines(_ findings: [Diagnostic], withPlaces: Bool = true) -> [String] {
    findings.filter { $0.severity == .warning }.map {
      withPlaces ? $0.text : $0.advice
    }
  }
}

extension ResourceSpec {
  /// The spec with the options in force, and how they came about.
  package func settled(
    over record: ResourceRecord?, in catalog: ResourceCatalog, accepts: Bool = false
  ) -> (ResourceSpec, OptionSettlement) {
    guard let declaration else {
      var settlement = OptionSettlement(options: options)
      settlement.accepted = accepted
      return (self, settlement)
    }
    let settlement = OptionSettlement.settle(
      declaration, type: engine.resourceType, record: record, in: catalog, isExternal: externalURL != nil,
      accepts: accepts)
    var spec = self
    spec.options = settlement.options
    spec.engine = engine.variant(settlement.options)
    spec.version = settlement.options["version"] ?? ""
    spec.accepted = settlement.accepted
    if settlement.accepted[OptionSettlement.replicaOption] != nil {
      spec.source = settlement.options[OptionSettlement.replicaOption].flatMap(ResourceOption.referencedName)
    }
    return (spec, settlement)
  }

  /// Specs with the options in force on an instance.
  package static func settled(
    _ specs: [ResourceSpec], over state: InstanceState, in catalog: ResourceCatalog
  ) -> [ResourceSpec] {
    SettledSpecs(specs, over: state, in: catalog).specs
  }
}

extension ResourceRecord {
  /// Writes down what a resource is about to be. The options of one that is deployed stay until it came up with others:
  /// storage that it never had is none that cannot shrink.
  package mutating func begin(_ spec: ResourceSpec) {
    if type != spec.type || !isDeployed(spec.engine) { options = spec.options }
    type = spec.type
    isRemoved = false
    isDown = nil
    externalURL = spec.externalURL
  }
}
