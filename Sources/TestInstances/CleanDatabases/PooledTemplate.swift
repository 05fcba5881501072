import Engines
import MonotonicTime
import Synchronization

/// A template, and the databases that are copies of it.
struct PooledTemplate {
  /// Its database.
  let name: String
  /// What its databases are called, up to their numbers.
  let prefix: String
  /// Whether somebody is finalizing it.
  var isFinalizing = false
  /// What copies it; nil until it is finalized.
  var copier: DatabaseCopier?
  /// Comes when it is finalized or discarded.
  let settled = Latch()
  /// Every number that was given to a database of it.
  var known: Set<Int> = []
  /// Copies that nobody has, the oldest first.
  var ready: [Int] = []
  /// Those that somebody has, with the moment since when, the oldest first.
  var taken: [(id: Int, since: SuspendingClock.Instant)] = []
  /// How many copies are being made.
  var making = 0
  /// Who waits for a copy, the first first.
  var waiters: [DatabaseWaiter] = []

  /// Takes back what somebody has.
  /// - Returns: Whether anybody had it.
  mutating func takeBack(_ id: Int) -> Bool {
    guard let index = taken.firstIndex(where: { $0.id == id }) else { return false }
    taken.remove(at: index)
    return true
  }
}

/// Somebody who waits for a copy.
final class DatabaseWaiter: Sendable {
  /// Comes with the outcome.
  let arrival = Latch()
  private let outcome = Mutex<Result<Int, any Error>?>(nil)

  /// The number of the database that is there, or why there is none; nil while there is neither.
  var result: Result<Int, any Error>? { outcome.withLock { $0 } }

  /// Tells the outcome.
  func tell(_ result: Result<Int, any Error>) {
    outcome.withLock { $0 = result }
    arrival.come()
  }
}
