import MonotonicTime
import Synchronization

/// The order that a replica is to end, given by whoever wants it and awaited by the replica's life.
final class StopOrder: Sendable {
  private let drains = Mutex(true)
  private let latch = Latch()
  private let haste = Latch()

  /// Gives the order. One without time for requests under way beats one with.
  func give(drains: Bool) {
    self.drains.withLock { $0 = $0 && drains }
    latch.come()
    if !drains { haste.come() }
  }

  /// Whether requests under way get time; nil where the order was not given.
  var given: Bool? { latch.hasCome ? drains.withLock(\.self) : nil }

  /// Waits for an order without time for requests under way; returns also when the task is cancelled.
  func waitForHaste() async { await haste.wait() }

  /// Waits for it; returns also when the task is cancelled.
  func wait() async { await latch.wait() }
}
