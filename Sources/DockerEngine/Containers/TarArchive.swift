import DrydockBase

/// A tar archive of small files in memory, in the ustar format that the engine unpacks.
///
/// Source: POSIX.1-2017, pax, "ustar Interchange Format".
package struct TarArchive: Sendable {
  private var blocks: [UInt8] = []

  private static let blockSize = 512

  /// An archive without members.
  package init() {}

  /// The archive, closed by its two empty blocks.
  package var bytes: [UInt8] { blocks + [UInt8](repeating: 0, count: 2 * Self.blockSize) }

  /// Adds a file.
  /// - Parameters:
  ///   - name: its path without a leading slash, of at most 100 bytes.
  ///   - mode: its permission bits.
  /// - Throws: ``DockerError`` with `invalidArgument` for a value that the format cannot hold.
  package mutating func addFile(
    _ name: String, mode: UInt32 = 0o644, uid: UInt32 = 0, gid: UInt32 = 0, bytes: [UInt8]
  ) throws {
    blocks += try header(name, mode: mode, uid: uid, gid: gid, size: bytes.count, type: "0")
    blocks += bytes
    blocks += [UInt8](repeating: 0, count: (Self.blockSize - bytes.count % Self.blockSize) % Self.blockSize)
  }

  /// Adds a directory; the parameters are those of ``addFile(_:mode:uid:gid:bytes:)``.
  package mutating func addDirectory(
    _ name: String, mode: UInt32 = 0o755, uid: UInt32 = 0, gid: UInt32 = 0
  ) throws {
    let path = name.endsExactly(with: "/") ? name : name + "/"
    blocks += try header(path, mode: mode, uid: uid, gid: gid, size: 0, type: "5")
  }

  private func header(
    _ name: String, mode: UInt32, uid: UInt32, gid: UInt32, size: Int, type: Character
  ) throws -> [UInt8] {
    let path = Array(name.utf8)
    guard !path.isEmpty, path.count <= 100, !path.contains(0), path[0] != UInt8(ascii: "/") else {
      throw DockerError(.invalidArgument, "\"\(name)\" cannot be the path of a file in an archive")
    }
    var header = path + [UInt8](repeating: 0, count: 100 - path.count)
    header +=
      try octal(Int(mode & 0o7777), digits: 7) + octal(Int(uid), digits: 7) + octal(Int(gid), digits: 7)
    header += try octal(size, digits: 11) + octal(0, digits: 11)
    let sumOffset = header.count
    header += Array("        \(type)".utf8) + [UInt8](repeating: 0, count: 100) + Array("ustar\u{0}00".utf8)
    header += [UInt8](repeating: 0, count: Self.blockSize - header.count)
    let sum = header.reduce(0) { $0 + Int($1) }
    header.replaceSubrange(sumOffset..<sumOffset + 8, with: try octal(sum, digits: 6) + [UInt8(ascii: " ")])
    return header
  }

  /// A number as octal digits with leading zeros, ended by a zero byte.
  private func octal(_ value: Int, digits: Int) throws -> [UInt8] {
    let text = String(value, radix: 8)
    guard text.count <= digits else {
      throw DockerError(.invalidArgument, "\(value) is too large for the header of an archive")
    }
    return [UInt8](repeating: UInt8(ascii: "0"), count: digits - text.count) + Array(text.utf8) + [0]
  }
}
