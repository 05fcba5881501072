import ByteStreams
import DrydockBase

/// Reads a tar archive member by member: ustar, with the long names of GNU tar and of pax.
///
/// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar's manual, "Basic Tar Format".
/// What an archive says is somebody else's word: numbers and lengths are checked, names are handed on as they are.
struct TarReader {
  /// What is at a name.
  enum Kind: Hashable {
    case file
    case folder
    case link([UInt8])
    /// Another name of a file that came before.
    case sameAs([UInt8])
    /// A device, a pipe and the like.
    case other
  }

  /// One member.
  struct Member: Hashable {
    var path: [UInt8]
    var kind: Kind
    /// The permission bits.
    var mode: UInt32
    /// How many bytes of content follow.
    var size: Int
  }

  private static let blockSize = 512
  /// The longest name and the longest pax head, in bytes.
  private static let longest = 1 << 16

  private let source: ByteSource
  private let limit: Int
  private var count = 0
  private var buffer: [UInt8] = []
  private var place = 0
  /// What is left of the member's content, and of what fills it up to a block.
  private var rest = (content: 0, padding: 0)

  /// A reader of an archive that is not compressed any more.
  /// - Parameter limit: The most bytes of all of it: few that are compressed may come to more than anybody would read.
  init(_ source: @escaping ByteSource, limit: Int) { (self.source, self.limit) = (source, limit) }

  /// The next member; what was not read of the last one's content is passed over. Nil at the end.
  /// - Throws: `DrydockError` for what is no archive, or breaks off.
  mutating func next() async throws -> Member? {
    var longer = Longer()
    while true {
      try await pass()
      guard let head = try await take(Self.blockSize, atEnd: true) else { return nil }
      // One block of zeros ends it; what follows is filling.
      if head.allSatisfy({ $0 == 0 }) { return nil }
      try Self.check(head)
      let size = try longer.size ?? Self.number(head[124..<136])
      rest = (size, (Self.blockSize - size % Self.blockSize) % Self.blockSize)
      switch head[156] {
      case UInt8(ascii: "L"): longer.path = Self.text(try await whole(size)[...])
      case UInt8(ascii: "K"): longer.target = Self.text(try await whole(size)[...])
      case UInt8(ascii: "x"): try longer.read(try await whole(size))
      case UInt8(ascii: "g"): break
      default: return try member(head, longer, size)
      }
    }
  }

  /// The next piece of the member's content; nil at its end.
  mutating func content() async throws -> [UInt8]? {
    guard rest.content > 0 else { return nil }
    if place == buffer.count { try await fill() }
    guard place < buffer.count else { throw Self.brokenOff }
    let piece = Array(buffer[place..<min(buffer.count, place + rest.content)])
    place += piece.count
    rest.content -= piece.count
    return piece
  }

  private mutating func member(_ head: [UInt8], _ longer: Longer, _ size: Int) throws -> Member {
    let target = longer.target ?? Self.text(head[157..<257])
    let kind: Kind =
      switch head[156] {
      case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): .file
      case UInt8(ascii: "1"): .sameAs(target)
      case UInt8(ascii: "2"): .link(target)
      case UInt8(ascii: "5"): .folder
      default: .other
      }
    return Member(
      path: longer.path ?? Self.path(head), kind: kind,
      mode: UInt32(try Self.number(head[100..<108]) & 0o7777),
      size: size)
  }

  // MARK: Bytes

  private mutating func pass() async throws {
    while try await content() != nil {}
    if rest.padding > 0 { _ = try await take(rest.padding, atEnd: true) }
    rest = (0, 0)
  }

  private mutating func whole(_ size: Int) async throws -> [UInt8] {
    guard size <= Self.longest else { throw Self.damaged("a name in it is too long") }
    var bytes: [UInt8] = []
    while let piece = try await content() { bytes += piece }
    return bytes
  }

  /// So many bytes; nil at the archive's end.
  private mutating func take(_ count: Int, atEnd: Bool) async throws -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < count {
      if place == buffer.count { try await fill() }
      if place == buffer.count {
        if bytes.isEmpty, atEnd { return nil }
        throw Self.brokenOff
      }
      let end = min(buffer.count, place + count - bytes.count)
      bytes += buffer[place..<end]
      place = end
    }
    return bytes
  }

  private mutating func fill() async throws {
    (buffer, place) = (try await source() ?? [], 0)
    count += buffer.count
    guard count <= limit else { throw Self.damaged("it comes to more than \(limit) bytes") }
  }

  // MARK: Fields

  private static func check(_ head: [UInt8]) throws {
    let sum = head.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
    guard try number(head[148..<156]) == sum else { throw damaged("it is no tar archive") }
  }

  /// A number in octal digits, or one of GNU tar's in binary.
  private static func number(_ field: ArraySlice<UInt8>) throws -> Int {
    var value = 0
    if let first = field.first, first & 0x80 != 0 {
      guard first == 0x80 else { throw damaged("a number in it is below zero") }
      for byte in field.dropFirst() { value = try shifted(value, 8) | Int(byte) }
      return value
    }
    for byte in field where byte != 0 && byte != UInt8(ascii: " ") {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) else {
        throw damaged("it is no tar archive")
      }
      value = try shifted(value, 3) | Int(byte - UInt8(ascii: "0"))
    }
    return value
  }

  private static func shifted(_ value: Int, _ bits: Int) throws -> Int {
    guard value < 1 << (52 - bits) else { throw damaged("a number in it is too large") }
    return value << bits
  }

  private static func path(_ head: [UInt8]) -> [UInt8] {
    let name = text(head[0..<100])
    let prefix = Array(head[257..<262]) == Array("ustar".utf8) && head[262] == 0 ? text(head[345..<500]) : []
    return prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
  }

  fileprivate static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

  fileprivate static func damaged(_ reason: String) -> DrydockError {
    DrydockError(.usage, "the upload cannot be unpacked: \(reason)")
  }

  private static let brokenOff = damaged("it breaks off")
}

/// What is said of the next member in members before it.
private struct Longer {
  var path: [UInt8]?
  var target: [UInt8]?
  var size: Int?

  /// Reads a pax head: lines of their own length, a name and a value.
  mutating func read(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while let space = rest.firstIndex(of: UInt8(ascii: " ")) {
      let length = Int(String(decoding: rest[rest.startIndex..<space], as: UTF8.self)) ?? 0
      guard length > space - rest.startIndex + 1, length <= rest.count else {
        throw TarReader.damaged("a head in it is wrong")
      }
      let line = rest[(space + 1)..<(rest.startIndex + length)]
      if let equals = line.firstIndex(of: UInt8(ascii: "=")), line.last == UInt8(ascii: "\n") {
        take(String(decoding: line[..<equals], as: UTF8.self), line[(equals + 1)...].dropLast())
      }
      rest = rest[(rest.startIndex + length)...]
    }
  }

  private mutating func take(_ name: String, _ value: ArraySlice<UInt8>) {
    switch name {
    case "path": path = TarReader.text(value)
    case "linkpath": target = TarReader.text(value)
    case "size":
      size = Int(String(decoding: value, as: UTF8.self)).flatMap { (0..<1 << 52).contains($0) ? $0 : nil }
    default: break
    }
  }
}
