/// The head of one member of a tar archive, in the ustar format; what that cannot hold goes into a pax header before it.
///
/// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header".
package struct TarHeader: Sendable {
  /// The kinds of members.
  package enum Kind: Sendable, Hashable {
    case file
    case directory
    /// A symbolic link, and where it leads, byte for byte.
    case link(target: [UInt8])

    fileprivate var type: UInt8 {
      switch self {
      case .file: UInt8(ascii: "0")
      case .link: UInt8(ascii: "2")
      case .directory: UInt8(ascii: "5")
      }
    }
  }

  /// The path without a leading slash, as the file system has it; that of a folder ends in one.
  package var path: [UInt8]
  package var kind: Kind
  /// The permission bits.
  package var mode: UInt32
  package var user: UInt32
  package var group: UInt32
  /// How many bytes follow.
  package var size: Int
  /// When it was changed, in seconds since 1970.
  package var changed: Int

  /// How long a block is: heads are one, contents are filled up to one.
  package static let blockSize = 512
  /// What ends an archive.
  package static let end = [UInt8](repeating: 0, count: 2 * blockSize)

  /// A head with its values.
  package init(
    path: [UInt8], kind: Kind, mode: UInt32, user: UInt32 = 0, group: UInt32 = 0, size: Int = 0,
    changed: Int = 0
  ) {
    self.path = path
    self.kind = kind
    self.mode = mode
    self.user = user
    self.group = group
    self.size = size
    self.changed = changed
  }

  /// How many zeros follow a content of so many bytes.
  package static func padding(after size: Int) -> Int { (blockSize - size % blockSize) % blockSize }

  /// The blocks.
  /// - Throws: ``DockerError`` with `invalidArgument` for a value that the format cannot hold.
  package func blocks() throws -> [UInt8] {
    guard !path.isEmpty, !path.contains(0), path[0] != UInt8(ascii: "/") else {
      let name = String(decoding: path, as: UTF8.self)
      throw DockerError(.invalidArgument, "\"\(name)\" cannot be the path of a file in an archive")
    }
    var target: [UInt8] = []
    if case .link(let place) = kind { target = place }
    var records: [UInt8] = []
    if path.count > 100 { records += Self.record("path", path) }
    if target.count > 100 { records += Self.record("linkpath", target) }
    if size > 0o77777777777 { records += Self.record("size", Array("\(size)".utf8)) }
    var blocks: [UInt8] = []
    if !records.isEmpty {
      blocks += try Self.block(
        Array("PaxHeader".utf8), UInt8(ascii: "x"), mode: 0o644, 0, 0, size: records.count, changed: 0, [])
      blocks += records + [UInt8](repeating: 0, count: Self.padding(after: records.count))
    }
    return blocks
      + (try Self.block(
        path, kind.type, mode: mode, user, group, size: min(size, 0o77777777777), changed: changed, target))
  }

  /// `LENGTH KEY=VALUE` and a line feed; the length counts its own digits.
  private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
    let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
    var length = rest.count
    while length != rest.count + "\(length)".utf8.count { length = rest.count + "\(length)".utf8.count }
    return Array("\(length)".utf8) + rest
  }

  private static func block(
    _ path: [UInt8], _ type: UInt8, mode: UInt32, _ user: UInt32, _ group: UInt32, size: Int, changed: Int,
    _ target: [UInt8]
  ) throws -> [UInt8] {
    var block = field(path, 100)
    block += try octal(Int(mode & 0o7777), digits: 7) + octal(Int(user), digits: 7)
    block += try octal(Int(group), digits: 7) + octal(size, digits: 11)
    // Times before 1970 and after 2242 are not worth more.
    block += try octal(min(max(0, changed), 0o77777777777), digits: 11)
    let sumOffset = block.count
    block += Array("        ".utf8) + [type] + field(target, 100) + Array("ustar\u{0}00".utf8)
    block += [UInt8](repeating: 0, count: blockSize - block.count)
    let sum = block.reduce(0) { $0 + Int($1) }
    block.replaceSubrange(sumOffset..<sumOffset + 8, with: try octal(sum, digits: 6) + [UInt8(ascii: " ")])
    return block
  }

  private static func field(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
    let kept = bytes.prefix(length)
    return kept + [UInt8](repeating: 0, count: length - kept.count)
  }

  /// A number as octal digits with leading zeros, ended by a zero byte.
  private static func octal(_ value: Int, digits: Int) throws -> [UInt8] {
    let text = String(value, radix: 8)
    guard text.count <= digits else {
      throw DockerError(.invalidArgument, "\(value) is too large for the header of an archive")
    }
    return [UInt8](repeating: UInt8(ascii: "0"), count: digits - text.count) + Array(text.utf8) + [0]
  }
}
