package import AppState
import ConvoxEnvironment
import DrydockBase
import Engines
import Essentials
import HealthProbes
package import MonotonicTime
package import Planning
import Resources
import Servers

/// `params set`: changes app parameters, and what runs with them.
package struct ParameterOperation: Sendable {
  private let context: DrydockContext
  private let instance: InstanceState
  /// The app's manifest, for rewriting env files; nil where there is none.
  private let workspace: Workspace?
  private let notice: @Sendable (String) -> Void

  /// A change to an instance's parameters.
  package init(
    context: DrydockContext, instance: InstanceState, workspace: Workspace?,
    notice: @escaping @Sendable (String) -> Void
  ) {
    self.context = context
    self.instance = instance
    self.workspace = workspace
    self.notice = notice
  }

  /// Sets parameters; a new password reaches running engines at once and stopped ones when they start.
  ///
  /// The password is written down before any engine gets it: an `up` mends accounts by what is written down, so
  /// that an interrupted change is finished by the next one.
  /// - Returns: The running servers that have to start again for it, which is for an `up` to do: they have no
  ///   accounts, so that the password is in their configuration.
  /// - Throws: `DrydockError.usage` for a value that does not fit, and then nothing was changed.
  package func set(_ values: [AppParameter: String], until deadline: Deadline) async throws -> [String] {
    for (parameter, value) in values.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      try parameter.check(value)
    }
    let held = try await context.store.hold(
      instance.id, called: instance.handle, until: deadline, notice: notice)
    defer { _ = held }
    var state = held.state
    let password = values[.resourcePassword]
    if let password {
      try PasswordRule.refuse(password, for: state, in: context.catalog)
      try await refuseIdleSources(state)
    }
    for (parameter, value) in values { state.set(parameter, to: value) }
    try await context.store.saveOffThePool(state)
    guard password != nil else { return [] }
    let (restarting, failures) = try await applyPassword(state, until: deadline)
    try EnvironmentFiles.refresh(state, workspace, context, notice)
    await CreatedResources(context: context).refreshLinked(state, notice)
    if !failures.isEmpty { throw AggregateError(failures) }
    return restarting
  }

  private func applyPassword(_ state: InstanceState, until deadline: Deadline) async throws
    -> (restarting: [String], failures: [(resource: String, error: DrydockError)])
  {
    guard let kind = state.runtime else { return ([], []) }
    let runtime = try await RuntimeAccess(context: context, state: state).runtime(kind)
    let observed = try await runtime.observe(state.resources.keys.sorted())
    var restarting: [String] = []
    var failures: [(resource: String, error: DrydockError)] = []
    for (name, record) in state.resources.sorted(by: { $0.key < $1.key }) where record.externalURL == nil {
      guard observed[name]?.isRunning == true, let engine = context.catalog.server(record.type) else {
        continue
      }
      guard engine.accounts != nil else {
        if state.endpoint(of: name, engine: engine)?.password.isEmpty == false { restarting.append(name) }
        continue
      }
      do {
        let launch = Launch.existing(name, record, engine, state)
        try await apply(launch, state, runtime, until: deadline)
      } catch let error as CancellationError {
        throw error
      } catch {
        var failure = DrydockError(error, resource: name)
        failure.suggestion = "the password is written down; an up brings it to \(name): drydock up"
        failures.append((name, failure))
      }
    }
    return (restarting, failures)
  }

  /// Refuses a password of which some replicas would not hear.
  private func refuseIdleSources(_ state: InstanceState) async throws {
    let sources = state.resources.values.filter { record in
      let engine = context.catalog.server(record.type)
      return engine?.replication(nil, servedBy: record.type)?.hearsOfPasswordsLater == false
    }.compactMap(\.source)
    guard let kind = state.runtime, !sources.isEmpty else { return }
    let observed = try await RuntimeAccess(context: context, state: state).runtime(kind).observe(sources)
    guard let idle = sources.sorted().first(where: { observed[$0]?.isRunning != true }) else { return }
    throw DrydockError(
      .failed, "\(idle) has replicas and does not run, so that they would not hear of the new password",
      suggestion: "start it first: drydock up")
  }

  private func apply(
    _ launch: Launch, _ state: InstanceState, _ runtime: any Runtime, until deadline: Deadline
  ) async throws {
    let name = launch.spec.name
    if state.resources[name]?.source != nil {
      return notice("replica \(name) takes the password over from its source")
    }
    let administrator = runtime.target(launch, administrator: true)
    try await launch.engine.changePassword(administrator, launch.request, until: deadline)
    let proof = ReadinessProof(
      launch: launch, runtime: runtime, isFresh: false, startingTogether: 1, pair: nil, progress: { _ in })
    _ = try await proof.run(until: deadline)
  }
}
