import AppState
import ConvoxManifest
import DrydockBase
import Engines
import Planning
import Resources
import Servers

/// What an `up` is about to do, and with what.
struct PreparedUp {
  var manifest: Manifest
  var specs: [ResourceSpec]
  var plan: Plan
  var observed: [String: Observation]
  var selection: RuntimeSelection
  var findings: ManifestFindings
}

/// All that an `up` decides, refuses and says before its first effect.
struct UpPreparation {
  let context: DrydockContext
  let workspace: Workspace
  let choice: RuntimeChoice
  let options: UpOptions
  let events: UpOperation.UpEvents
  let state: InstanceState
  /// The app env.
  let environment: [String: String]

  /// Whether it is an app's, and not that of a resource that was created on its own.
  var isApp: Bool { state.created == nil }

  func prepared() async throws -> PreparedUp {
    let (manifest, hash) = try workspace.loadWithHash(appEnvironment: environment, catalog: context.catalog)
    let settled = try settled(manifest)
    let specs = settled.specs
    let runtimes = RuntimeAccess(context: context, state: state)
    let selector = try selector(runtimes)
    var (selection, observed) = try await select(specs, selector, runtimes)
    let versions = VersionRestarts.reasons(specs, records: state.resources, observed: observed)
    var plan = try await plan(settled, selection, observed, versions)
    let findings = ManifestFindings(
      lines(manifest, settled), file: manifest.file, hash: hash, told: state.toldFindings)
    tell(findings)
    tell(of: plan, specs, observed)
    try await resolveSources(&selection, plan, specs, observed, selector)
    plan = plan.leavingOutVainRestarts(versions, sources: selection.sources, records: state.resources)
    plan = plan.telling(driftOf: specs, sources: selection.sources, records: state.resources)
    if options.isStrict { try plan.refuseDrift() }
    plan = plan.leavingOutDefaults(of: specs, sources: selection.sources, records: state.resources)
    return PreparedUp(
      manifest: manifest, specs: specs, plan: plan, observed: observed, selection: selection,
      findings: findings)
  }

  /// What is wanted, with what the deployed options allow.
  private func settled(_ manifest: Manifest) throws -> SettledSpecs {
    try VanishedResources(state, manifest).refuse()
    let named = try ResourceSpec.specs(of: manifest, in: context.catalog, appEnvironment: environment)
    let declared = named + removed(besides: named)
    try refuseNames(declared)
    let settled = SettledSpecs(
      declared, over: state, in: context.catalog, selected: options.selected, accepting: options.accepted)
    try settled.refuse()
    try PasswordRule.refuse(state, settled.specs.filter { options.selected?.contains($0.name) ?? true })
    return settled
  }

  private func selector(_ runtimes: RuntimeAccess) throws -> RuntimeSelector {
    RuntimeSelector(
      docker: {
        let runtime = try await runtimes.docker()
        try await runtime.refuseOutOfReach()
        return runtime
      }, native: try runtimes.native(), isOffline: options.isOffline,
      isStrict: options.isStrict)
  }

  /// - Parameter versions: Why servers are restarted whose version is another by now.
  private func plan(
    _ settled: SettledSpecs, _ selection: RuntimeSelection, _ observed: [String: Observation],
    _ versions: [String: String]
  ) async throws -> Plan {
    let images = try await selection.runtime.changedImages(settled.specs)
    return try Planner.plan(
      settled.specs, selected: options.selected, state: state, observed: observed,
      runtime: (selection.runtime.kind, selection.reason), ports: options.ports,
      changes: settled.settlements.mapValues(\.changes),
      restarts: TransportPlan(home: context.home, state: state).restarts(settled.specs).merging(versions) {
        transport, _ in transport
      }.merging(images) { reason, _ in reason })
  }

  /// What is to be said of the manifest, and of what is deployed against it.
  private func lines(_ manifest: Manifest, _ settled: SettledSpecs) -> [String] {
    let collisions = LinkedResources(context: context).collisions(of: state, with: manifest)
    return SettledSpecs.lines(manifest.warnings + settled.findings + collisions, withPlaces: isApp)
      + (isApp ? refusals(of: manifest, settled) : [])
  }

  private func tell(of plan: Plan, _ specs: [ResourceSpec], _ observed: [String: Observation]) {
    let stops = VanishedResources.notices(plan, state, isDryRun: options.isDryRun)
    let lost = LostData(home: context.home, state: state).notices(plan, specs, observed)
    (DeletionProtection.notices(plan, state) + stops + lost + Renames.notices(plan, state))
      .forEach(events.notice)
  }

  /// What AWS would refuse at a deploy and runs here all the same, a line each.
  private func refusals(of manifest: Manifest, _ settled: SettledSpecs) -> [String] {
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
  private func tell(_ findings: ManifestFindings) {
    if isApp, let listener = events.findings { return listener(findings) }
    if !isApp || !findings.isTold { findings.lines.forEach(events.notice) }
  }

  /// Resources that are asked for by name although the manifest no longer has them: whoever wants their data starts
  /// them so, to export it.
  private func removed(besides named: [ResourceSpec]) -> [ResourceSpec] {
    (options.selected ?? []).subtracting(named.map(\.name)).sorted().compactMap { name in
      state.resources[name].flatMap { ResourceSpec(recorded: name, $0, in: context.catalog) }
    }
  }

  /// The runtime that holds the instance's data, else a free choice.
  private func select(
    _ specs: [ResourceSpec], _ selector: RuntimeSelector, _ runtimes: RuntimeAccess
  ) async throws -> (RuntimeSelection, [String: Observation]) {
    let names = Array(Set(specs.map(\.name)).union(state.resources.keys))
    if let kind = state.runtime {
      let runtime = try await runtimes.runtime(kind)
      let observed = try await runtime.observe(names)
      if observed.values.contains(where: { $0.hasData || $0.condition != .absent }) {
        try refuseMove(from: kind)
        try await runtime.refuseOutOfReach()
        return (RuntimeSelection(runtime: runtime, reason: "its data lives there", sources: [:]), observed)
      }
    }
    let wanted = specs.filter { options.selected?.contains($0.name) ?? true }
    let selection = try await selector.choose(choice, wanted)
    return (selection, try await selection.runtime.observe(names))
  }

  private func refuseMove(from kind: RuntimeKind) throws {
    guard choice != .auto, choice.rawValue != kind.rawValue else { return }
    throw DrydockError(
      .dataMismatch,
      "the data of \(state.handle) lives in the \(kind.rawValue) runtime and does not move by itself",
      suggestion: "go on with --runtime \(kind.rawValue), or start fresh: drydock down --delete-data")
  }

  /// Finds what runs those that have to be started and were not resolved by the choice of a runtime.
  private func resolveSources(
    _ selection: inout RuntimeSelection, _ plan: Plan, _ specs: [ResourceSpec],
    _ observed: [String: Observation], _ selector: RuntimeSelector
  ) async throws {
    let starting = Set(plan.items.filter { [.start, .create, .promote].contains($0.action) }.map(\.resource))
    let open = specs.filter { starting.contains($0.name) && selection.sources[$0.name] == nil }
    try refuseOtherSeries(specs, observed)
    let data = observed.compactMapValues(\.dataVersion)
    let resolved = try await selector.sources(open, on: selection.runtime, data: data)
    selection.sources.merge(resolved) { $1 }
    try selector.refuseFetching(selection.sources, open)
  }
}
