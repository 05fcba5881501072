import DockerEngine
package import LocalFiles
import SystemPackage

/// A file's content on its way into an archive: as long as the file was when it was opened, whatever becomes of it
/// meanwhile; cut, or filled up with zeros.
package final class ArchivedFile {
  /// How many bytes it has, as the archive's head says it.
  package let size: Int
  private let descriptor: FileDescriptor
  private var missing: Int
  private var isOver = false

  private static let pieceSize = 256 << 10

  /// Opens a file; nil where there is none any more.
  /// - Throws: `DirectoryError`, `Errno`.
  package init?(_ entry: FolderEntry, in folder: DirectoryDescriptor) throws {
    guard let descriptor = try folder.open(entry) else { return nil }
    do {
      // As it is now that it is open; the folder was read before.
      size = try descriptor.fileSize()
    } catch {
      try? descriptor.close()
      throw error
    }
    self.descriptor = descriptor
    missing = size
  }

  deinit { try? descriptor.close() }

  /// The next bytes, the archive's padding among them; nil at the end.
  /// - Throws: `Errno`.
  package func next() throws -> [UInt8]? {
    guard !isOver else { return nil }
    guard missing > 0 else {
      isOver = true
      return [UInt8](repeating: 0, count: TarHeader.padding(after: size))
    }
    let wanted = min(missing, Self.pieceSize)
    var bytes = try descriptor.readPiece(wanted)
    if bytes.isEmpty { bytes = [UInt8](repeating: 0, count: wanted) }
    missing -= bytes.count
    return bytes
  }
}
