package import DrydockBase
import MonotonicTime

/// The terminal of a container that was made with one.
extension DockerClient {
  /// Connects to a container's terminal until the container ends or the caller is cancelled, which leaves it as it is.
  ///
  /// - Parameters:
  ///   - patience: how long the engine may take over each of its own answers.
  ///   - sizes: the sizes of the screen in front of it, as they change.
  ///   - input: writes what is typed.
  ///   - each: called for one piece of what appears at a time.
  package func attach(
    to id: String, patience: Duration, sizes: any AsyncSequence<TerminalSize, Never> & Sendable,
    input: @escaping StreamInput.Writer, each: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    let request = EngineRequest(
      .post, Self.path(id) + "/attach",
      query: [("stream", "true"), ("stdin", "true"), ("stdout", "true"), ("stderr", "true")],
      action: "attach to the container \(Self.shown(id))", object: .container)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await resize(id, sizes, patience: patience) }
      defer { group.cancelAll() }
      // Without a request to upgrade, the engine answers 200 and writes until the container ends.
      try await exchange(request, TimeLimit(head: .after(patience), end: nil), input: input) { _, body in
        try await body.output(isRaw: true, action: request.action) { try await each($0.bytes) }
      }
    }
  }

  /// Keeps a container's terminal at its size; one that is not taken does no harm.
  @concurrent
  private func resize(
    _ id: String, _ sizes: any AsyncSequence<TerminalSize, Never> & Sendable, patience: Duration
  ) async {
    for await size in sizes {
      let request = EngineRequest(
        .post, Self.path(id) + "/resize", query: [("h", "\(size.rows)"), ("w", "\(size.columns)")],
        action: "resize a terminal", object: .container)
      _ = try? await send(request, .after(patience))
    }
  }
}
