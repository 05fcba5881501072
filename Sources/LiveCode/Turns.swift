import MonotonicTime
import Synchronization

/// Work that is done by one after the other, in the order in which they come.
package final class Turns: Sendable {
  private let last = Mutex<Latch?>(nil)

  /// Does something once everybody before has done.
  package func take<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> Value {
    let own = Latch()
    let before = last.withLock { last in
      defer { last = own }
      return last
    }
    defer { own.come() }
    await before?.wait()
    try Task.checkCancellation()
    return try await work()
  }
}
