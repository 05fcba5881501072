import DrydockBase
import MonotonicTime
import Synchronization

/// What a person is told while an import goes on, and of one that was broken off, whose error nobody gets to see.
package struct ImportNotices: Sendable {
  /// Says something that ought to be read.
  package var warn: @Sendable (String) -> Void
  /// Says that the server waits for room on its disk.
  package var waitsForRoom: @Sendable (String) -> Void
  /// Told each time that the tool takes some bytes.
  package var moved: @Sendable () -> Void

  /// By default nobody is told.
  package init(
    warn: @escaping @Sendable (String) -> Void = { _ in },
    waitsForRoom: @escaping @Sendable (String) -> Void = { _ in },
    moved: @escaping @Sendable () -> Void = {}
  ) {
    self.warn = warn
    self.waitsForRoom = waitsForRoom
    self.moved = moved
  }

  /// Tells what an import that was broken off has left.
  func tellOfBreak(_ name: String, _ error: any Error, _ leavings: Leavings) async {
    if let error = error as? DrydockError { return warn(error.text) }
    let words = await shieldedFromCancellation { await leavings.words() }
    warn("\(name): the import was broken off: \(words)")
  }
}

/// What is in the data should an import be broken off now.
final class Leavings: Sendable {
  private let state = Mutex<@Sendable () async -> String>({ "nothing was changed" })

  func are(_ words: @escaping @Sendable () async -> String) { state.withLock { $0 = words } }
  func words() async -> String { await state.withLock { $0 }() }
}
