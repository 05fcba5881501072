package import MonotonicTime
import NIOCore

extension DockerClient {
  /// Reads small files that lie directly in a folder of a container, which need not run. What the folder holds besides passes
  /// by and is not kept.
  /// - Parameter isWanted: Whether a file of that name is read whatever its size; others are up to 4 KiB.
  /// - Returns: Their bytes by name, of links too that are wanted, wherever in the container they lead; nil where there is no
  ///   such folder.
  package func readFiles(
    in folder: String, of id: String, until deadline: Deadline,
    where isWanted: @escaping @Sendable (String) -> Bool
  ) async throws -> [String: [UInt8]]? {
    let request = EngineRequest(
      .get, Self.path(id) + "/archive", query: [("path", folder)],
      action: "read \(folder) in the container \(Self.shown(id))", object: .container)
    let read = try await ifFound {
      try await exchange(request, TimeLimit(deadline)) { _, body in
        var files = TarFiles(isWanted: isWanted)
        while let bytes = try await body.next() { files.take(Array(bytes.readableBytesView)) }
        return files
      }
    }
    guard let read else { return nil }
    var found = read.byName
    // Debian's alternatives, say, lead out of the folder and back.
    for name in read.linkNames.sorted() where found[name] == nil {
      found[name] = try await readFile("\(folder)/\(name)", in: id, until: deadline)
    }
    return found
  }

  /// Whether a folder of a container, which need not run, holds anything but folders.
  package func hasFiles(in folder: String, of id: String, until deadline: Deadline) async throws -> Bool {
    let request = EngineRequest(
      .get, Self.path(id) + "/archive", query: [("path", folder)],
      action: "look into \(folder) in the container \(Self.shown(id))", object: .container)
    return try await ifFound {
      try await exchange(request, TimeLimit(deadline)) { _, body in
        var files = TarFiles(isWanted: { _ in false })
        while let bytes = try await body.next() { files.take(Array(bytes.readableBytesView)) }
        return files.areThere
      }
    } ?? false
  }
}

/// Takes small files out of an archive that comes in pieces.
///
/// Source: POSIX.1-2017, pax, "ustar Interchange Format".
struct TarFiles: Sendable {
  private let isWanted: @Sendable (String) -> Bool
  private var bytes: [UInt8] = []
  /// How much of what comes next is nobody's.
  private var rest = 0
  private var current: (name: String, size: Int)?
  private var files: [String: [UInt8]] = [:]
  private var links: [String: String] = [:]
  /// Whether there was anything but folders.
  private(set) var areThere = false

  private static let block = 512
  /// No file that is wanted is anywhere near that large.
  private static let limit = 1 << 20
  private static let small = 4096

  init(isWanted: @escaping @Sendable (String) -> Bool) { self.isWanted = isWanted }

  /// What was found: links are what they lead to.
  var byName: [String: [UInt8]] {
    links.reduce(into: files) { found, link in
      found[link.key] = link.value.split(separator: "/").last.flatMap { files[String($0)] }
    }
  }

  /// The links that are wanted.
  var linkNames: Set<String> { Set(links.keys) }

  /// Takes the next piece.
  mutating func take(_ piece: [UInt8]) {
    bytes += piece
    var place = 0
    while step(&place) {}
    bytes.removeFirst(place)
  }

  /// Goes on by one member's head or body; false where more has to come.
  private mutating func step(_ place: inout Int) -> Bool {
    let there = bytes.count - place
    if rest > 0 {
      let passed = min(rest, there)
      rest -= passed
      place += passed
      return rest == 0 && passed > 0
    }
    if let (name, size) = current {
      guard there >= size else { return false }
      files[name] = Array(bytes[place..<place + size])
      place += size
      (current, rest) = (nil, Self.padding(size))
      return true
    }
    guard there >= Self.block else { return false }
    read(head: Array(bytes[place..<place + Self.block]))
    place += Self.block
    return true
  }

  private mutating func read(head: [UInt8]) {
    func text(_ range: Range<Int>) -> String {
      String(decoding: head[range].prefix { $0 != 0 }, as: UTF8.self)
    }
    let digits = head[124..<136].filter { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
    let size = Int(String(decoding: digits, as: UTF8.self), radix: 8) ?? 0
    let parts = text(0..<100).split(separator: "/")
    let name = parts.count == 2 ? String(parts[1]) : nil
    // A regular file of either form, or a link of either kind.
    let kinds = [0, UInt8(ascii: "0"), UInt8(ascii: "1"), UInt8(ascii: "2")]
    if kinds.contains(head[156]), !text(0..<100).isEmpty { areThere = true }
    switch (head[156], name) {
    case (UInt8(ascii: "0"), let name?) where size <= Self.limit && (size <= Self.small || isWanted(name)):
      current = (name, size)
    case (UInt8(ascii: "2"), let name?) where isWanted(name):
      links[name] = text(157..<257)
    default:
      rest = size + Self.padding(size)
    }
  }

  private static func padding(_ size: Int) -> Int { (block - size % block) % block }
}
