import NIOCore

extension ResponseBody {
  /// Hands on the output of a container or command: taken out of its frames, or as it comes.
  @concurrent
  mutating func output(
    isRaw: Bool, action: String, each: @escaping @Sendable (LogChunk) async throws -> Void
  ) async throws {
    var frames = StreamDemultiplexer()
    while let bytes = try await next() {
      let chunks =
        isRaw
        ? [LogChunk(stream: .stdout, bytes: Array(bytes.readableBytesView))]
        : try frames.take(bytes, action: action)
      for chunk in chunks { try await each(chunk) }
    }
    guard frames.isComplete else {
      throw DockerError(.connectionLost, "cannot \(action): the output broke off inside a frame")
    }
  }
}
