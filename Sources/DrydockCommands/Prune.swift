import AppState
import ArgumentParser
import DrydockBase
import Emulator
import MonotonicTime
import Planning
import Services
import TerminalProgress

/// `drydock prune`.
struct Prune: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "List, then after confirmation remove, what belongs to instances whose folder is gone.",
    discussion: """
      It also removes what test runs have left: instances that drydock test has kept,
      and databases of runs with --shared that were killed.

      Examples:
        drydock prune
        drydock prune --yes
        drydock prune --damaged
      """)

  @Flag(help: "Instead, what belongs to instances whose state is damaged.")
  var damaged = false

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    if damaged { return try await PruneDamaged(session: session, format: common.format, yes: yes).run() }
    session.context.store.survey().unread.forEach { session.console.warn($0.error.text) }
    // The folder of a created resource is drydock's own, and made again by the next start.
    let all = session.context.store.apps()
    let gone = all.filter { $0.presence == .gone }
    let tests = PruneTests(session.context, apps: all.filter { $0.presence != .gone })
    try await remove(gone.filter { DeletionProtection.protected(in: $0).isEmpty }, tests, session)
    try refuseProtected(gone)
    try refuseUnknown(all)
  }

  /// A folder that nobody can see may be there.
  private func refuseUnknown(_ instances: [InstanceState]) throws {
    let unknown = instances.compactMap { instance -> DrydockError? in
      guard case .unknown(let reason) = instance.presence else { return nil }
      return instance.outOfSight(reason)
    }
    guard var error = unknown.first else { return }
    error.message += unknown.count > 1 ? "; and \(unknown.count - 1) more" : ""
    error.details = unknown.dropFirst().map(\.message) + ["nothing of what cannot be told was removed"]
    throw error
  }

  /// Protection is turned off by an `up` alone, so that the folder has to come back first.
  private func refuseProtected(_ instances: [InstanceState]) throws {
    let protected = instances.flatMap { instance in
      DeletionProtection.protected(in: instance).map {
        "\($0) of \(instance.handle), last in \(instance.path)"
      }
    }
    guard !protected.isEmpty else { return }
    throw DrydockError(
      .failed, "deletion protection is on, so that these were not removed:",
      suggestion: "bring the folder back, set deletionProtection: false, and run drydock up",
      details: protected)
  }

  private func remove(_ gone: [InstanceState], _ tests: PruneTests, _ session: Session) async throws {
    if common.format == .json {
      try session.console.print(json: gone.map { PrunedInstance($0) } + tests.entries)
    } else {
      let rows = gone.map { [$0.handle, $0.path, $0.resources.keys.sorted().joined(separator: " ")] }
      PruneTable.print(rows + tests.rows, session.console)
    }
    guard !gone.isEmpty || !tests.rows.isEmpty else { return session.console.note("nothing to remove") }
    var isWanted = yes
    if !isWanted { isWanted = try await session.console.confirm("Remove the data of these for good?") }
    guard isWanted else {
      if !session.console.isInteractive {
        session.console.note("nothing was removed; to remove them: drydock prune --yes")
      }
      return
    }
    let ended = try await EveryInstance(gone) { instance in
      try await remove(instance, session)
      return [instance.handle]
    }
    try await tests.remove(session.console)
    try ended.finish()
  }

  /// The folder may have moved, and an `up` in it have said so, while its lock was waited for.
  @Sendable private static func refuseReturned(_ instance: InstanceState) throws {
    switch instance.presence {
    case .gone: return
    case .unknown(let reason): throw instance.outOfSight(reason)
    case .there: throw DrydockError(.failed, "\(instance.handle) has a folder again: \(instance.path)")
    }
  }

  private func remove(_ instance: InstanceState, _ session: Session) async throws {
    try Self.refuseReturned(instance)
    let services = StopServices(context: session.context, id: instance.id)
    _ = try await services.run([])
    try await services.deleteAll(instance.runtime)
    let operation = DownOperation(
      context: session.context, instance: instance, selected: nil, deletesData: true, isForgotten: true,
      condition: Self.refuseReturned, notice: session.console.note)
    _ = try await operation.run(until: .after(.seconds(120)))
    session.console.note("removed \(instance.handle)")
  }
}

/// An instance whose folder is gone.
struct PrunedInstance: Codable, Sendable {
  let app: String
  let id: String
  var path: String
  let resources: [String]
  /// The name of a throw-away instance that was kept; nil for what is none.
  var test: String?
  /// What the databases begin with that a test run left in an instance whose folder is there; nil where it is the
  /// instance itself.
  var databases: String?

  init(_ state: InstanceState) {
    app = state.handle
    id = state.id
    path = state.path
    resources = state.resources.keys.sorted()
  }
}

/// What is to be removed: names, folders, and what is there.
enum PruneTable {
  private static let steps: [TableStep] = [
    .cutFront("FOLDER", least: 20), .wrap("WHAT", least: 16), .cutMiddle("NAME", least: 12),
    .cutFront("FOLDER", least: 12),
  ]

  /// The table in so many places; empty for none.
  static func render(_ rows: [[String]], screen: Int?) -> String {
    rows.isEmpty
      ? "" : Table(header: ["NAME", "FOLDER", "WHAT"], rows: rows).rendered(screen: screen, steps: steps)
  }

  static func print(_ rows: [[String]], _ console: Console) {
    console.print(render(rows, screen: console.screen(isWide: false)))
  }
}
