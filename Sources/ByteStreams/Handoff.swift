import Synchronization

/// Hands bytes from one task to another, a piece at a time, so that nothing piles up between them.
package final class Handoff: Sendable {
  private let pieces: AsyncStream<[UInt8]>
  private let piece: AsyncStream<[UInt8]>.Continuation
  private let receipts: AsyncStream<Void>
  private let receipt: AsyncStream<Void>.Continuation
  private let isComplete = Mutex(false)

  /// Nothing to hand over yet.
  package init() {
    (pieces, piece) = AsyncStream.makeStream(of: [UInt8].self)
    (receipts, receipt) = AsyncStream.makeStream(of: Void.self)
  }

  /// Hands a piece over, and waits until it is taken.
  /// - Returns: False when nobody takes any more.
  package func send(_ bytes: [UInt8]) async -> Bool {
    guard case .enqueued = piece.yield(bytes) else { return false }
    for await _ in receipts { return true }
    return false
  }

  /// Says that this was all.
  package func end() {
    isComplete.withLock { $0 = true }
    piece.finish()
  }

  /// Says that nothing will be taken any more.
  package func leave() {
    piece.finish()
    receipt.finish()
  }

  /// The next piece; nil after the last.
  /// - Throws: `CancellationError` when it ended without having been complete: half an input is none.
  package func take() async throws -> [UInt8]? {
    for await bytes in pieces {
      receipt.yield()
      return bytes
    }
    guard isComplete.withLock({ $0 }), !Task.isCancelled else { throw CancellationError() }
    return nil
  }
}
