package import AppState
import ConvoxManifest
import DrydockBase
import Engines

/// What `up` is going to do: a value that can be printed, made without any effect.
package struct Plan: Sendable, Hashable, Codable {
  /// What is done with one resource.
  package enum Action: String, Sendable, Hashable, Codable {
    /// It runs; it is only verified.
    case verify
    /// Its data exists; it is started on it.
    case start
    /// Nothing of it exists; it is made.
    case create
    /// The app env's URL stands in for it.
    case external
    /// It is a directory, made where it is missing.
    case directory
    /// The manifest no longer names it; it is stopped and its data kept.
    case stop
    /// It was a read replica and becomes independent, with its data.
    case promote

    /// Whether a server is started on data that exists or is made.
    package var isStart: Bool { self == .start || self == .create }
  }

  /// One resource of the plan.
  package struct Item: Sendable, Hashable, Codable {
    /// The resource's name.
    package var resource: String
    package var type: String
    /// What is done.
    package var action: Action
    /// The version asked for.
    package var version: String
    /// The port, where one is known already.
    package var port: Int?
    /// Why, in a few words.
    package var reason: String
    /// The resource of which it is a read replica, which has to be ready first.
    package var source: String?
    /// The options that get another value than the deployed one.
    package var changes: [OptionChange] = []
    /// How what is going to run differs from the wanted version; nil where it does not.
    package var drift: String?
  }

  /// Where the resources run.
  package var runtime: RuntimeKind
  /// Why there.
  package var runtimeReason: String
  /// Every resource, in the manifest's order, then those that it no longer names.
  package var items: [Item]
}

/// Makes plans: desired against observed, without any effect.
package enum Planner {
  /// The plan that brings what is observed to what is wanted.
  /// - Parameters:
  ///   - specs: The manifest's resources.
  ///   - selected: The names to bring up; nil for all. Resources that are left out stay as they are.
  ///   - state: What was decided before.
  ///   - observed: What exists, by resource.
  ///   - runtime: Where the resources run, and why.
  ///   - ports: Ports that the user wants, by resource.
  ///   - changes: Options that get another value than the deployed one, by resource.
  ///   - restarts: Why running servers have to start again, by resource.
  /// - Throws: `DrydockError.dataMismatch` when a resource changed its type.
  package static func plan(
    _ specs: [ResourceSpec], selected: Set<String>?, state: InstanceState, observed: [String: Observation],
    runtime: (kind: RuntimeKind, reason: String), ports: [String: Int] = [:],
    changes: [String: [OptionChange]] = [:],
    restarts: [String: String] = [:]
  ) throws -> Plan {
    var items: [Plan.Item] = []
    for spec in specs where selected?.contains(spec.name) ?? true {
      let record = state.resources[spec.name]
      try refuseTypeChange(spec, record, observed[spec.name])
      try refuseSource(spec, specs, selected, record, observed)
      let (action, reason) = action(
        spec, record, observed[spec.name], port: ports[spec.name], restart: restarts[spec.name])
      items.append(
        Plan.Item(
          resource: spec.name, type: spec.type, action: action, version: spec.version,
          port: spec.externalURL == nil ? ports[spec.name] ?? record?.port : nil, reason: reason,
          source: spec.source, changes: changes[spec.name] ?? []))
    }
    if selected == nil { items += removals(specs, state, observed) }
    return Plan(runtime: runtime.kind, runtimeReason: runtime.reason, items: items)
  }

  private static func action(
    _ spec: ResourceSpec, _ record: ResourceRecord?, _ observed: Observation?, port: Int?,
    restart: String?
  ) -> (Plan.Action, String) {
    if spec.externalURL != nil { return (.external, "\(spec.name)'s URL is set in the app env") }
    guard spec.engine.server != nil else { return (.directory, "a shared directory") }
    if let source = record?.source, spec.source == nil, observed?.hasData == true {
      return (.promote, "no longer a replica of \(source)")
    }
    switch observed?.condition {
    case .running where observed?.isOrphaned == true:
      return (.create, "it runs on although its data was removed, and is made anew")
    case .running where port != nil && port != record?.port:
      return (.start, "moves to port \(port ?? 0)")
    case .running where observed?.isStopping == true:
      return (.start, "it was told to stop, and is waited for")
    case .running where record?.isRestarting == true:
      return (.start, "its restart was interrupted")
    case .running where restart != nil:
      return (.start, restart ?? "")
    case .running where observed?.isPaused == true:
      return (.verify, "paused, and goes on")
    case .running:
      return (.verify, spec.source.map { "already running, a replica of \($0)" } ?? "already running")
    case .crashed where isDataGone(spec, record, observed), .stopped where isDataGone(spec, record, observed),
      .absent where isDataGone(spec, record, observed):
      return (.create, "its data is gone, and is made anew")
    case .crashed(let reason):
      return (.start, "it crashed: \(reason)")
    case .stopped:
      return (.start, "stopped")
    case .absent, nil:
      return observed?.hasData == true
        ? (.start, "its data exists") : (.create, spec.source.map { "a new replica of \($0)" } ?? "new")
    }
  }

  /// Whether somebody else removed the data that it had.
  package static func isDataGone(_ spec: ResourceSpec, _ record: ResourceRecord?, _ observed: Observation?)
    -> Bool
  {
    record?.dataVersion != nil && spec.engine.server?.keepsData == true && observed?.hasData == false
  }

  private static func removals(
    _ specs: [ResourceSpec], _ state: InstanceState, _ observed: [String: Observation]
  ) -> [Plan.Item] {
    let named = Set(specs.map(\.name))
    return state.resources.filter { !named.contains($0.key) && !$0.value.isRemoved }.sorted {
      $0.key < $1.key
    }.map {
      Plan.Item(
        resource: $0.key, type: $0.value.type, action: .stop, version: $0.value.wantedVersion,
        port: $0.value.port,
        reason: "no longer in the manifest; its data is kept")
    }
  }

  /// A replica needs a source that runs or is brought up with it, and a database of its own cannot become one.
  private static func refuseSource(
    _ spec: ResourceSpec, _ specs: [ResourceSpec], _ selected: Set<String>?, _ record: ResourceRecord?,
    _ observed: [String: Observation]
  ) throws {
    guard let source = spec.source, spec.externalURL == nil else { return }
    if let record, record.source == nil, record.dataVersion != nil, observed[spec.name]?.hasData == true {
      throw DrydockError(
        .dataMismatch,
        "resource \(spec.name) is an independent database and cannot become a replica of \(source)",
        suggestion:
          "give the replica another name, or delete the data: drydock down \(spec.name) --delete-data")
    }
    if let record, let before = record.source, before != source, observed[spec.name]?.hasData == true {
      throw DrydockError(
        .dataMismatch, "resource \(spec.name) is a replica of \(before) and cannot become one of \(source)",
        suggestion:
          "give the new replica another name, or delete the data: drydock down \(spec.name) --delete-data")
    }
    if observed[spec.name]?.hasData == true, record?.dataVersion != nil, observed[source]?.hasData != true {
      throw DrydockError(
        .dataMismatch, "resource \(spec.name) is a replica of \(source), whose data is gone",
        suggestion: "choose one:",
        details: [
          "go on with the replica's data: remove readSourceDB from \(spec.name)",
          "start fresh: drydock down \(spec.name) --delete-data",
        ])
    }
    if specs.first(where: { $0.name == source })?.externalURL != nil {
      throw DrydockError(
        .manifestInvalid, "resource \(spec.name) is a replica of \(source), whose URL is set in the app env",
        suggestion: "set \(Resource.environmentPrefix(of: spec.name))_URL too, or unset the source's")
    }
    if let selected, !selected.contains(source), observed[source]?.isRunning != true {
      throw DrydockError(
        .failed, "resource \(spec.name) is a replica of \(source), which does not run",
        suggestion: "bring both up: drydock up \(source) \(spec.name)")
    }
  }

  private static func refuseTypeChange(
    _ spec: ResourceSpec, _ record: ResourceRecord?, _ observed: Observation?
  ) throws {
    guard let record, record.type != spec.type, observed?.hasData == true || observed?.isRunning == true
    else { return }
    throw DrydockError(
      .dataMismatch,
      "resource \(spec.name) holds data of type \(record.type), and the manifest now says \(spec.type)",
      suggestion:
        "give the new resource another name, or delete the old data: drydock down \(spec.name) --delete-data")
  }
}
