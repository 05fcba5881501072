/// Something that is told once, to whoever waits for it.
final class StopSignal: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() {
    (stream, continuation) = AsyncStream.makeStream(of: Void.self)
  }

  func send() { continuation.finish() }

  /// Waits until it was sent, or the task is cancelled.
  func wait() async { for await _ in stream {} }
}
