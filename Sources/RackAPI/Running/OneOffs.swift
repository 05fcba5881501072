import Essentials
import LocalServer
import MonotonicTime
import NIOHTTP1
import Services
import Synchronization

/// A command that the tool runs in a process of its own.
struct OneOff: Sendable {
  let app: String
  let run: ServiceRun
  let replica: ServiceReplica
  /// Where the tool's command goes; nil for one that was through at once.
  let access: ReplicaAccess?
  let release: String
  let started: Date
  /// Comes where it is to end.
  let stop: Latch
  var use = OneOffUse()

  var id: String { replica.name }
}

/// What tells a process in which the tool is going to run a command from one that is left to itself.
///
/// For `convox run` the tool starts a process that only sleeps, asks after it each second, runs the command beside it and
/// stops it. A tool that was killed in the middle does not stop it.
struct OneOffUse: Sendable {
  /// How long the tool may be silent before its command runs.
  static let patience = Duration.seconds(60)
  /// How long it has to stop the process after that.
  static let farewell = Duration.seconds(5)

  private var lastAsked: Deadline?
  private var commands = 0
  private var farewell: Deadline?

  /// Somebody asked after the process.
  mutating func ask() { lastAsked = .after(Self.patience) }

  /// A command began to run beside it.
  mutating func begin() { (commands, farewell) = (commands + 1, nil) }

  /// One ended, or whoever ran it is gone.
  mutating func end() {
    commands -= 1
    if commands == 0 { farewell = .after(Self.farewell) }
  }

  /// Whether nobody is going to stop it any more.
  func isAbandoned(_ command: String) -> Bool {
    guard commands == 0, Self.sleeps(command) else { return false }
    return farewell?.hasPassed ?? lastAsked?.hasPassed ?? false
  }

  /// Whether a command only waits, as the tool has it for this.
  static func sleeps(_ command: String) -> Bool {
    let words = command.split(separator: " ")
    return words.count == 2 && words[0] == "sleep" && words[1].allSatisfy { $0.isASCII && $0.isNumber }
  }
}

/// The commands that run once, of all apps.
final class OneOffs: Sendable {
  private struct Key: Hashable {
    let app: String
    let id: String
  }

  private let running = Mutex<[Key: OneOff]>([:])
  /// What became of those that ended of late.
  private let ended = Failures(patience: .seconds(60))

  func add(_ oneOff: OneOff) {
    running.withLock { $0[Key(app: oneOff.app, id: oneOff.id)] = oneOff }
    ended.forget(oneOff.app + "/" + oneOff.id)
  }

  /// Takes one out, and keeps for a while what became of it.
  func remove(_ oneOff: OneOff, _ end: String) {
    running.withLock { $0[Key(app: oneOff.app, id: oneOff.id)] = nil }
    ended.note(
      HTTPFailure(.notFound, "no such process: \(oneOff.id) (\(end))"), of: oneOff.app + "/" + oneOff.id)
  }

  /// Those of an app, in order.
  func of(_ app: String) -> [OneOff] {
    running.withLock { $0.values.filter { $0.app == app } }.sorted { $0.replica < $1.replica }
  }

  /// The one of that id; nil for none.
  /// - Throws: What became of one that ended of late.
  func find(_ app: String, _ id: String) throws -> OneOff? {
    if let found = running.withLock({ $0[Key(app: app, id: id)] }) { return found }
    try ended.tell(app + "/" + id)
    return nil
  }

  /// Notes how one is used.
  func note(_ oneOff: OneOff, _ change: (inout OneOffUse) -> Void) {
    running.withLock { running in
      guard var found = running[Key(app: oneOff.app, id: oneOff.id)] else { return }
      change(&found.use)
      running[Key(app: oneOff.app, id: oneOff.id)] = found
    }
  }

  /// Whether nobody is going to stop it any more.
  func isAbandoned(_ oneOff: OneOff) -> Bool {
    running.withLock { $0[Key(app: oneOff.app, id: oneOff.id)] }?.use.isAbandoned(oneOff.run.command) ?? true
  }
}
