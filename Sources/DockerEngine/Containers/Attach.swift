package import DrydockBase
import MonotonicTime

/// The terminal of a container that was made with one.
extension DockerClient {
  /// Connects to a container's terminal until the container ends or the caller is cancelled, which leaves it as it is.
  ///
  /// - Parameters:
  ///   - patience: how long the engine may take over each of its own answers.
  ///   - sizes: the sizes of the screen in front of it, the first one now and one for each change.
  ///   - input: writes what is typed.
  ///   - each: called for one piece of what appears at a time.
  package func attach(
    to id: String, patience: Duration, sizes: AsyncStream<TerminalSize>,
    input: @escaping StreamInput.Writer, each: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    let request = EngineRequest(
      .post, Self.path(id) + "/attach",
      query: [("stream", "true"), ("stdin", "true"), ("stdout", "true"), ("stderr", "true")],
      action: "attach to the container \(Self.shown(id))", object: .container)
    // What is typed first may be a question for it.
    for await size in sizes {
      await resize(id, to: size, patience: patience)
      break
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { for await size in sizes { await resize(id, to: size, patience: patience) } }
      defer { group.cancelAll() }
      // Without a request to upgrade, the engine answers 200 and writes until the container ends.
      try await exchange(request, TimeLimit(head: .after(patience), end: nil), input: input) { _, body in
        try await body.output(isRaw: true, action: request.action) { try await each($0.bytes) }
      }
    }
  }

  /// Brings a container's terminal to a size; one that is not taken does no harm.
  private func resize(_ id: String, to size: TerminalSize, patience: Duration) async {
    let request = EngineRequest(
      .post, Self.path(id) + "/resize", query: [("h", "\(size.rows)"), ("w", "\(size.columns)")],
      action: "resize a terminal", object: .container)
    _ = try? await send(request, .after(patience))
  }
}
