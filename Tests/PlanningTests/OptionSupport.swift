import ConvoxManifest
import Engines

@testable import AppState
@testable import Planning

/// A world without engines: manifests are laid over what earlier ones recorded, as `up` does it.
struct PlannedApp {
  var state = InstanceState(id: "abcdefgh", handle: "app", app: "app", path: "/app", resourcePassword: "pw")

  /// What one `up` came to.
  struct Result {
    var settled: SettledSpecs
    var plan: Plan
  }

  static func specs(_ text: String, _ appEnvironment: [String: String] = [:]) throws -> [ResourceSpec] {
    let manifest = try ManifestLoader(catalog: .builtIn).load(
      Array(text.utf8), file: "convox.yml", appEnvironment: appEnvironment)
    return try ResourceSpec.specs(of: manifest, in: .builtIn, appEnvironment: appEnvironment)
  }

  /// Plans without changing anything.
  func plan(
    _ specs: [ResourceSpec], selected: Set<String>? = nil, accepting: Set<String> = []
  ) throws -> Result {
    let settled = SettledSpecs(specs, over: state, in: .builtIn, selected: selected, accepting: accepting)
    try settled.refuse()
    let observed = state.resources.mapValues { record in
      Observation(.running(since: nil), hasData: record.dataVersion != nil)
    }
    let plan = try Planner.plan(
      settled.specs, selected: selected, state: state, observed: observed, runtime: (.native, "test"),
      changes: settled.settlements.mapValues(\.changes))
    return Result(settled: settled, plan: plan)
  }

  /// Plans, and records what an `up` that succeeds records.
  mutating func up(
    _ specs: [ResourceSpec], selected: Set<String>? = nil, accepting: Set<String> = []
  ) throws -> Result {
    let result = try plan(specs, selected: selected, accepting: accepting)
    for item in result.plan.items {
      guard let spec = result.settled.specs.first(where: { $0.name == item.resource }) else {
        state.resources[item.resource]?.isRemoved = true
        continue
      }
      var record =
        state.resources[spec.name]
        ?? ResourceRecord(
          type: spec.type, administratorPassword: "", wantedVersion: spec.version, options: spec.options)
      record.begin(spec)
      record.options = spec.options
      record.acceptedOptions = spec.accepted.isEmpty ? nil : spec.accepted
      if spec.engine.server != nil, spec.externalURL == nil { record.dataVersion = spec.version }
      record.source = spec.source
      state.resources[spec.name] = record
    }
    return result
  }

  mutating func up(
    _ text: String, _ appEnvironment: [String: String] = [:], accepting: Set<String> = []
  ) throws -> Result {
    try up(try Self.specs(text, appEnvironment), accepting: accepting)
  }

  /// A manifest with one resource `db` of these options, in flow style.
  static func manifest(_ type: String, _ options: String) -> String {
    "resources:\n  db:\n    type: \(type)\n    options: { \(options) }\n"
  }
}
