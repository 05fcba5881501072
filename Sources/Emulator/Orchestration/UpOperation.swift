package import AppState
package import ConvoxManifest
import DrydockBase
import Engines
import Foundation
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

  private struct Prepared {
    var manifest: Manifest
    var specs: [ResourceSpec]
    var plan: Plan
    var observed: [String: Observation]
    var selection: RuntimeSelection
    var findings: ManifestFindings
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
      try await settleNetworks(state, prepared.selection.runtime)
      try writeEnvironment(state, prepared)
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

  private func writeEnvironment(_ state: InstanceState, _ prepared: Prepared) throws {
    // Nobody's app lies in the folder of a resource that was created on its own.
    guard state.created == nil, context.throwAway == nil else { return }
    let files = EnvironmentFiles(
      folder: workspace.folder, context: context, state: state, manifest: prepared.manifest,
      specs: prepared.specs.filter { $0.declaration != nil },
      appEnvironment: appEnvironment(state), links: LinkedResources(context: context).endpoints(of: state))
    for warning in try files.write() { events.notice(warning) }
  }

  private func prepare(_ state: InstanceState) async throws -> Prepared {
    let environment = appEnvironment(state)
    let (manifest, hash) = try workspace.loadWithHash(
      appEnvironment: environment, catalog: context.catalog)
    try VanishedResources(state, manifest).refuse()
    let named = try ResourceSpec.specs(of: manifest, in: context.catalog, appEnvironment: environment)
    let declared = named + removed(state, besides: named)
    try refuseNames(declared)
    let settled = SettledSpecs(
      declared, over: state, in: context.catalog, selected: options.selected, accepting: options.accepted)
    try settled.refuse()
    try PasswordRule.refuse(state, settled.specs.filter { options.selected?.contains($0.name) ?? true })
    let specs = settled.specs
    let runtimes = RuntimeAccess(context: context, state: state)
    let selector = RuntimeSelector(
      docker: {
        let runtime = try await runtimes.docker()
        try await runtime.refuseOutOfReach()
        return runtime
      }, native: try runtimes.native(), isOffline: options.isOffline,
      isStrict: options.isStrict)
    var (selection, observed) = try await select(state, specs, selector, runtimes)
    let versions = VersionRestarts.reasons(specs, records: state.resources, observed: observed)
    let images = try await selection.runtime.changedImages(specs)
    var plan = try Planner.plan(
      specs, selected: options.selected, state: state, observed: observed,
      runtime: (selection.runtime.kind, selection.reason), ports: options.ports,
      changes: settled.settlements.mapValues(\.changes),
      restarts: TransportPlan(home: context.home, state: state).restarts(specs).merging(versions) {
        transport, _ in transport
      }.merging(images) { reason, _ in reason })
    let collisions = LinkedResources(context: context).collisions(of: state, with: manifest)
    let lines =
      SettledSpecs.lines(
        manifest.warnings + settled.findings + collisions, withPlaces: state.created == nil)
      + (state.created == nil ? refusals(of: manifest, settled, state, environment) : [])
    let findings = ManifestFindings(lines, file: manifest.file, hash: hash, told: state.toldFindings)
    tell(findings, ofApp: state.created == nil)
    let stops = VanishedResources.notices(plan, state, isDryRun: options.isDryRun)
    let renames = Renames.notices(plan, state)
    let lost = LostData(home: context.home, state: state).notices(plan, specs, observed)
    (DeletionProtection.notices(plan, state) + stops + lost + renames).forEach(events.notice)
    try await resolveSources(&selection, plan, specs, state, observed, selector)
    plan = plan.leavingOutVainRestarts(versions, sources: selection.sources, records: state.resources)
    plan = plan.telling(driftOf: specs, sources: selection.sources, records: state.resources)
    if options.isStrict { try plan.refuseDrift() }
    plan = plan.leavingOutDefaults(of: specs, sources: selection.sources, records: state.resources)
    return Prepared(
      manifest: manifest, specs: specs, plan: plan, observed: observed, selection: selection,
      findings: findings)
  }

  /// What AWS would refuse at a deploy and runs here all the same, a line each.
  private func refusals(
    of manifest: Manifest, _ settled: SettledSpecs, _ state: InstanceState, _ environment: [String: String]
  ) -> [String] {
    let missing = manifest.missingRequiredEnvironment(environment)
    let deploy = manifest.deployFindings(
      catalog: context.catalog, appEnvironment: environment,
      autoMinorVersionUpgrade: state.upgradesMinorVersions)
    let alone = deploy.filter { $0.severity == .error && $0 != missing }
    // What the manifest alone says is not told once more of what is deployed.
    let told = Set(alone.map(\.location))
    let errors =
      manifest.deployErrors + alone + settled.deployErrors.filter { !told.contains($0.location) }
      + workspace.buildFindings(manifest)
    return errors.map { "a deploy would fail: \($0.text)" }
  }

  /// Says what is to be said of the manifest. Of a created resource nobody sees one: its findings are about what was just
  /// asked for, and always told.
  private func tell(_ findings: ManifestFindings, ofApp: Bool) {
    if ofApp, let listener = events.findings { return listener(findings) }
    if !ofApp || !findings.isTold { findings.lines.forEach(events.notice) }
  }

  /// Resources that are asked for by name although the manifest no longer has them: whoever wants their data starts
  /// them so, to export it.
  private func removed(_ state: InstanceState, besides named: [ResourceSpec]) -> [ResourceSpec] {
    (options.selected ?? []).subtracting(named.map(\.name)).sorted().compactMap { name in
      state.resources[name].flatMap { ResourceSpec(recorded: name, $0, in: context.catalog) }
    }
  }

  /// The runtime that holds the instance's data, else a free choice.
  private func select(
    _ state: InstanceState, _ specs: [ResourceSpec], _ selector: RuntimeSelector, _ runtimes: RuntimeAccess
  ) async throws -> (RuntimeSelection, [String: Observation]) {
    let names = Array(Set(specs.map(\.name)).union(state.resources.keys))
    if let kind = state.runtime {
      let runtime = try await runtimes.runtime(kind)
      let observed = try await runtime.observe(names)
      if observed.values.contains(where: { $0.hasData || $0.condition != .absent }) {
        try refuseMove(from: kind, state)
        try await runtime.refuseOutOfReach()
        return (RuntimeSelection(runtime: runtime, reason: "its data lives there", sources: [:]), observed)
      }
    }
    let wanted = specs.filter { options.selected?.contains($0.name) ?? true }
    let selection = try await selector.choose(choice, wanted)
    return (selection, try await selection.runtime.observe(names))
  }

  private func refuseMove(from kind: RuntimeKind, _ state: InstanceState) throws {
    guard choice != .auto, choice.rawValue != kind.rawValue else { return }
    throw DrydockError(
      .dataMismatch,
      "the data of \(state.handle) lives in the \(kind.rawValue) runtime and does not move by itself",
      suggestion: "go on with --runtime \(kind.rawValue), or start fresh: drydock down --delete-data")
  }

  /// Finds what runs those that have to be started and were not resolved by the choice of a runtime.
  private func resolveSources(
    _ selection: inout RuntimeSelection, _ plan: Plan, _ specs: [ResourceSpec], _ state: InstanceState,
    _ observed: [String: Observation], _ selector: RuntimeSelector
  ) async throws {
    let starting = Set(plan.items.filter { [.start, .create, .promote].contains($0.action) }.map(\.resource))
    let open = specs.filter { starting.contains($0.name) && selection.sources[$0.name] == nil }
    try refuseOtherSeries(specs, state, observed)
    let data = observed.compactMapValues(\.dataVersion)
    let resolved = try await selector.sources(open, on: selection.runtime, data: data)
    selection.sources.merge(resolved) { $1 }
    try selector.refuseFetching(selection.sources, open)
  }

  /// Data of one series is never served because the manifest now asks for another: that is the user's to decide.
  private func refuseOtherSeries(
    _ specs: [ResourceSpec], _ state: InstanceState, _ observed: [String: Observation]
  ) throws {
    for spec in specs where options.selected?.contains(spec.name) ?? true {
      guard let engine = spec.engine.server, spec.externalURL == nil, let record = state.resources[spec.name],
        let data = observed[spec.name]?.dataVersion, let wanted = ServerVersion(in: spec.version),
        let before = ServerVersion(in: record.wantedVersion),
        engine.versions.series(of: wanted) != engine.versions.series(of: before),
        !engine.canServe(data: data, with: wanted)
      else { continue }
      throw DrydockError(
        .dataMismatch,
        "resource \(spec.name): its data was made by \(spec.type) \(data), and "
          + "\(state.created == nil ? "the manifest now asks for \(wanted)" : "version \(wanted) cannot serve it")",
        suggestion: "choose one:",
        details: state.created == nil
          ? [
            "keep the old version: version: \"\(record.wantedVersion)\" in \(workspace.displayName)",
            "migrate: dump it while the old version runs, then start fresh and load the dump",
            "start fresh: drydock down \(spec.name) --delete-data",
          ]
          : [
            "stay with version=\(record.wantedVersion)",
            "migrate: create another resource with version=\(wanted), and load a dump of this one into it",
          ])
    }
  }

  /// Refuses names that no resource has, and ports of what listens on none.
  private func refuseNames(_ declared: [ResourceSpec]) throws {
    let names = declared.map(\.name)
    for name in (options.selected ?? []).union(options.ports.keys).union(options.accepted).sorted()
    where !names.contains(name) {
      throw UnknownName.error("resource", name, known: names)
    }
    for spec in declared where options.ports[spec.name] != nil {
      guard spec.engine.server == nil || spec.externalURL != nil else { continue }
      let reason =
        spec.externalURL == nil ? "\(spec.type) has no server" : "a URL in the app env stands in for it"
      throw DrydockError(
        .usage, "resource \(spec.name) takes no port: \(reason)",
        suggestion: "leave out --port \(spec.name)=…")
    }
  }
}
