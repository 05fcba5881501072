package import AppState
package import ConvoxManifest
import DrydockBase
import Engines
import Essentials
import HealthProbes
import MonotonicTime
package import Planning
import Resources
import Servers

/// `up`: from the manifest to proved servers and written variables.
package struct UpOperation: Sendable {
  private let context: DrydockContext
  private let workspace: Workspace
  private let app: String?
  private let extraEnvironment: [String: String]
  private let choice: RuntimeChoice
  private let options: UpOptions
  private let events: UpEvents

  /// What an `up` says while it works.
  package struct UpEvents: Sendable {
    /// A resource's new phase.
    package var phase: @Sendable (_ resource: String, _ phase: String) -> Void
    /// A resource that has come to what the plan wants of it.
    package var done: @Sendable (ResourceOutcome) -> Void = { _ in }
    /// Something worth a line of its own.
    package var notice: @Sendable (String) -> Void
    /// What is to be said of the manifest; each on a line of its own, as a notice, where nobody listens for them.
    package var findings: (@Sendable (ManifestFindings) -> Void)?
    /// The plan, before it is carried out.
    package var planned: @Sendable (Plan) -> Void

    /// Listeners.
    package init(
      phase: @escaping @Sendable (String, String) -> Void, notice: @escaping @Sendable (String) -> Void,
      planned: @escaping @Sendable (Plan) -> Void
    ) {
      self.phase = phase
      self.notice = notice
      self.planned = planned
    }
  }

  /// What an `up` ended with.
  package struct Result: Sendable {
    /// The plan that was carried out, or would have been.
    package var plan: Plan
    /// What became of each resource; empty after a dry run.
    package var outcomes: [ResourceOutcome]
    /// The instance afterwards.
    package var state: InstanceState
    package var manifest: Manifest
  }

  /// An `up` of a workspace.
  package init(
    context: DrydockContext, workspace: Workspace, app: String?, extraEnvironment: [String: String],
    choice: RuntimeChoice, options: UpOptions, events: UpEvents
  ) {
    self.context = context
    self.workspace = workspace
    self.app = app
    self.extraEnvironment = extraEnvironment
    self.choice = choice
    self.options = options
    self.events = events
  }

  /// Carries it out.
  /// - Throws: `ManifestError`, `DrydockError`, `AggregateError`, `CancellationError`.
  package func run() async throws -> Result {
    if options.isDryRun { return try await dryRun() }
    // A wrong manifest is told before an instance is made for it.
    let known = try context.directory.candidate(for: workspace.folder, app: app)
    let manifest = try workspace.load(appEnvironment: appEnvironment(known), catalog: context.catalog)
    if known?.created == nil { try EnvironmentFiles.refuseForeign(in: workspace.folder, of: manifest) }
    let opened = try await context.directory.open(
      workspace.folder, app: app, until: options.deadline, notice: events.notice)
    if opened.handle != known?.handle { context.directory.otherHandle(opened).map(events.notice) }
    let held = try await context.store.hold(
      opened.id, called: opened.handle, until: options.deadline, notice: events.notice)
    defer { _ = held }
    var state = held.state
    (state.path, state.app, state.handle) = (opened.path, opened.app, opened.handle)
    if state.created == nil {
      try context.directory.bind(&state, to: workspace.folder)
      try context.directory.removeOwnFolder(of: held.state, now: state)
    }
    state.forcesTLS = options.forcesTLS ?? state.forcesTLS
    state.lastRack = options.rack
    return try await carryOut(&state)
  }

  /// Carries it out for a throw-away instance, whose context has a home of its own: the app's folder and its durable
  /// instance are not touched.
  package func run(throwAway state: InstanceState) async throws -> Result {
    var state = state
    return try await carryOut(&state)
  }

  private func dryRun() async throws -> Result {
    var state =
      try context.directory.candidate(for: workspace.folder, app: app)
      ?? InstanceState(
        id: "new", handle: app ?? workspace.folder.appName, app: app ?? workspace.folder.appName,
        path: workspace.folder.path, resourcePassword: "")
    state.forcesTLS = options.forcesTLS ?? state.forcesTLS
    let prepared = try await prepare(state)
    return Result(plan: prepared.plan, outcomes: [], state: state, manifest: prepared.manifest)
  }

  private func appEnvironment(_ state: InstanceState?) -> [String: String] {
    (state?.appEnvironment(rack: options.rack) ?? [:]).merging(extraEnvironment) { $1 }
  }

  private func prepare(_ state: InstanceState) async throws -> PreparedUp {
    try await UpPreparation(
      context: context, workspace: workspace, choice: choice, options: options, events: events, state: state,
      environment: appEnvironment(state)
    ).prepared()
  }

  private func carryOut(_ state: inout InstanceState) async throws -> Result {
    let prepared = try await prepare(state)
    state.toldFindings = prepared.findings.key
    state.order = prepared.manifest.resources.map(\.name)
    events.planned(prepared.plan)
    let named = Set(prepared.plan.items.map(\.resource))
    let transport = try await TransportPlan(home: context.home, state: state).prepare(
      prepared.specs.filter { named.contains($0.name) }, until: options.deadline)
    let reconciler = Reconciler(
      state: state, context: context, runtime: prepared.selection.runtime, options: options,
      transport: transport,
      progress: events.phase, done: events.done)
    let specs = Dictionary(prepared.specs.map { ($0.name, $0) }) { first, _ in first }
    do {
      let outcomes = try await reconciler.carryOut(
        prepared.plan, specs: specs, sources: prepared.selection.sources, observed: prepared.observed)
      state = await reconciler.state
      // Beside what is left to do, so that nobody waits for it.
      async let spares: Void = SpareProgram.beginIfWanted(context)
      try await settleNetworks(state, prepared.selection.runtime)
      try writeEnvironment(state, prepared)
      await spares
      return Result(plan: prepared.plan, outcomes: outcomes, state: state, manifest: prepared.manifest)
    } catch {
      state = await reconciler.state
      throw error
    }
  }

  private func settleNetworks(_ state: InstanceState, _ runtime: any Runtime) async throws {
    guard context.throwAway == nil else { return }
    let networks = LinkedNetworks(context: context)
    try await networks.prepare(state, runtime)
    try await networks.settle(state, events.notice)
  }

  private func writeEnvironment(_ state: InstanceState, _ prepared: PreparedUp) throws {
    // Nobody's app lies in the folder of a resource that was created on its own.
    guard state.created == nil, context.throwAway == nil else { return }
    let files = EnvironmentFiles(
      folder: workspace.folder, context: context, state: state, manifest: prepared.manifest,
      specs: prepared.specs.filter { $0.declaration != nil },
      appEnvironment: appEnvironment(state), links: LinkedResources(context: context).endpoints(of: state))
    for warning in try files.write() { events.notice(warning) }
  }
}
