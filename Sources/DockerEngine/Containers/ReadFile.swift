package import MonotonicTime

extension DockerClient {
  /// Reads a file of a container, which need not run.
  /// - Returns: Its bytes; nil where the container has no such regular file.
  package func readFile(_ path: String, in id: String, until deadline: Deadline) async throws -> [UInt8]? {
    let request = EngineRequest(
      .get, Self.path(id) + "/archive", query: [("path", path)],
      action: "read \(path) in the container \(Self.shown(id))", object: .container)
    return try await ifFound { TarArchive.firstFile(in: Array(try await send(request, deadline))) } ?? nil
  }
}

extension DockerClient {
  /// Whether a container, which need not run, has something at a path, its volumes included.
  package func hasPath(_ path: String, in id: String, until deadline: Deadline) async throws -> Bool {
    let request = EngineRequest(
      .head, Self.path(id) + "/archive", query: [("path", path)],
      action: "look for \(path) in the container \(Self.shown(id))", object: .container)
    return try await ifFound { try await send(request, deadline) } != nil
  }
}

extension TarArchive {
  /// The content of the first member if that is a regular file: what the engine answers for one path.
  static func firstFile(in archive: [UInt8]) -> [UInt8]? {
    guard archive.count >= 512, [UInt8(ascii: "0"), 0].contains(archive[156]) else { return nil }
    let digits = archive[124..<136].filter { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
    guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 8), archive.count >= 512 + size
    else { return nil }
    return Array(archive[512..<512 + size])
  }
}
