import Containers
import DockerEngine
import DrydockBase
import FileWatch
import ImageBuilds
import LocalFiles
import MonotonicTime

/// Changed files as a tar archive, made while it is read. No link of the tree is followed; what is gone by now is left out,
/// as its removal is told next.
actor SyncArchive {
  /// Something that goes into a container.
  struct Member: Sendable, Hashable {
    /// Its path in the app's tree.
    let path: String
    /// Its path in the container.
    let place: FileAnswer.Place
  }

  private let executor = BlockingExecutor(label: "drydock.sync-archive")
  /// Reading files waits for the disk.
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let owners: CopyOwners
  private var parents: ParentFolder
  private var members: ArraySlice<Member>
  private var file: ArchivedFile?
  private var isOver = false

  private static let pieceSize = 256 << 10

  /// An archive of files below a root.
  init(_ members: [Member], in root: DirectoryDescriptor, owners: CopyOwners) {
    self.members = members[...]
    self.owners = owners
    parents = ParentFolder(root: root)
  }

  /// The next bytes; nil at the end.
  /// - Throws: `DirectoryError`, `DockerError`, `CancellationError`.
  func next() throws -> [UInt8]? {
    try Task.checkCancellation()
    var piece: [UInt8] = []
    while piece.count < Self.pieceSize, !isOver {
      if let bytes = try file?.next() {
        piece += bytes
        continue
      }
      file = nil
      guard let member = members.popFirst() else {
        piece += TarHeader.end
        isOver = true
        break
      }
      piece += try head(of: member)
    }
    return piece.isEmpty ? nil : piece
  }

  private func head(of member: Member) throws -> [UInt8] {
    guard let (entry, folder) = try parents.find(member.path) else { return [] }
    let owner = owners.numbers(member.place.copy.owner)
    let path = Array(member.place.path.utf8.drop { $0 == UInt8(ascii: "/") })
    var header = TarHeader(
      path: path, kind: .file, mode: member.place.copy.numericMode ?? entry.mode, user: owner.id,
      group: owner.group, changed: entry.changed.seconds)
    if entry.isFolder {
      header.kind = .directory
      header.path.append(UInt8(ascii: "/"))
    } else if entry.isLink {
      guard let target = try folder.target(of: entry) else { return [] }
      (header.kind, header.mode) = (.link(target: target), 0o777)
    } else {
      guard entry.isFile, let opened = try ArchivedFile(entry, in: folder) else { return [] }
      header.size = opened.size
      file = opened
    }
    return try header.blocks()
  }
}
