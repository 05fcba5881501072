import ByteStreams
import Emulator
import Synchronization
import TerminalProgress

/// Lets an export onto a terminal without what the terminal would obey.
final class TerminalSink: Sendable {
  private let sink: ByteSink
  private let text = Mutex(TerminalTextStream())

  init(_ sink: @escaping ByteSink) {
    self.sink = sink
  }

  /// Has `body` write, and writes what is left of it at the end.
  func showing(_ body: (@escaping ByteSink) async throws -> Void) async throws {
    try await body { [self] bytes in try await sink(text.withLock { $0.show(bytes) }) }
    try await sink(text.withLock { $0.finish() })
  }
}
