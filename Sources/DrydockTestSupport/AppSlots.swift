import Foundation

/// Lets only as many apps with engines run at once as the machine bears; a test that waits is not slowed down
/// by the others into a timeout.
actor AppSlots {
  static let shared = AppSlots()

  private var free = max(2, ProcessInfo.processInfo.activeProcessorCount / 2)
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func enter() async throws {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
