import MonotonicTime
import NIOCore

extension DockerClient {
  /// Reads a file or a folder of a container, which need not run, as a tar archive whose names begin with its own.
  /// - Parameters:
  ///   - patience: How long the engine may take to begin.
  ///   - each: Takes the next bytes.
  /// - Returns: False where there is nothing at that path.
  package func getArchive(
    of id: String, path: String, patience: Duration, each: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws -> Bool {
    let request = EngineRequest(
      .get, Self.path(id) + "/archive", query: [("path", path)],
      action: "read \(path) in the container \(id)", object: .container)
    return try await ifFound {
      try await exchange(request, TimeLimit(head: .after(patience), end: nil)) { _, body in
        while let bytes = try await body.next() { try await each(Array(bytes.readableBytesView)) }
        return true
      }
    } ?? false
  }
}
