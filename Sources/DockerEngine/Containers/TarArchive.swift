import DrydockBase

/// A tar archive of small files in memory, in the format that the engine unpacks.
package struct TarArchive: Sendable {
  private var blocks: [UInt8] = []

  /// An archive without members.
  package init() {}

  /// The archive, closed by its two empty blocks.
  package var bytes: [UInt8] { blocks + TarHeader.end }

  /// Adds a file.
  /// - Parameters:
  ///   - name: its path without a leading slash.
  ///   - mode: its permission bits.
  /// - Throws: ``DockerError`` with `invalidArgument` for a value that the format cannot hold.
  package mutating func addFile(
    _ name: String, mode: UInt32 = 0o644, uid: UInt32 = 0, gid: UInt32 = 0, bytes: [UInt8]
  ) throws {
    let header = TarHeader(
      path: Array(name.utf8), kind: .file, mode: mode, user: uid, group: gid, size: bytes.count)
    blocks += try header.blocks()
    blocks += bytes
    blocks += [UInt8](repeating: 0, count: TarHeader.padding(after: bytes.count))
  }

  /// Adds a directory; the parameters are those of ``addFile(_:mode:uid:gid:bytes:)``.
  package mutating func addDirectory(
    _ name: String, mode: UInt32 = 0o755, uid: UInt32 = 0, gid: UInt32 = 0
  ) throws {
    let path = name.endsExactly(with: "/") ? name : name + "/"
    blocks += try TarHeader(path: Array(path.utf8), kind: .directory, mode: mode, user: uid, group: gid)
      .blocks()
  }
}
