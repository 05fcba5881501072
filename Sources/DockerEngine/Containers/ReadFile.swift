package import MonotonicTime

extension DockerClient {
  /// Reads a file of a container, which need not run. Links are followed, inside of the container.
  /// - Returns: Its bytes; nil where the container has no such regular file.
  package func readFile(_ path: String, in id: String, until deadline: Deadline) async throws -> [UInt8]? {
    var path = path
    // As many as the kernel would follow in a container's own look-up at most, and a few less.
    for _ in 0..<16 {
      let request = EngineRequest(
        .get, Self.path(id) + "/archive", query: [("path", path)],
        action: "read \(path) in the container \(Self.shown(id))", object: .container)
      guard let archive = try await ifFound({ Array(try await send(request, deadline)) }) else { return nil }
      guard let target = TarArchive.firstLink(in: archive) else { return TarArchive.firstFile(in: archive) }
      path = target.hasPrefix("/") ? target : path.prefix(through: "/") + target
    }
    return nil
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

extension String {
  /// The text up to the last one of a character, that included; empty where there is none.
  fileprivate func prefix(through last: Character) -> String {
    lastIndex(of: last).map { String(self[...$0]) } ?? ""
  }
}

extension TarArchive {
  /// Where the first member leads if that is a symbolic link.
  static func firstLink(in archive: [UInt8]) -> String? {
    guard archive.count >= 512, archive[156] == UInt8(ascii: "2") else { return nil }
    return String(decoding: archive[157..<257].prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The content of the first member if that is a regular file: what the engine answers for one path.
  static func firstFile(in archive: [UInt8]) -> [UInt8]? {
    guard archive.count >= 512, [UInt8(ascii: "0"), 0].contains(archive[156]) else { return nil }
    let digits = archive[124..<136].filter { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
    guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 8), archive.count >= 512 + size
    else { return nil }
    return Array(archive[512..<512 + size])
  }
}
