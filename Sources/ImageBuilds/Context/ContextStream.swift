import DockerEngine
import DrydockBase
import LocalFiles
import MonotonicTime

/// A build's context as a tar archive, made while it is read: what it holds at a time is a piece and the open folders.
///
/// Links travel as links, whatever they lead to. Owners are root, as docker sends them. A file that changes while it is
/// read has the length that it had at its beginning: cut, or filled up with zeros.
package actor ContextStream {
  private let executor = BlockingExecutor(label: "drydock.build-context")
  /// Reading files waits for the disk.
  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let context: BuildContext
  private var walk: ContextWalk?
  /// Files that are sent with another content, or besides.
  private var substitutes: [(path: String, bytes: [UInt8])]
  private var file: ArchivedFile?
  private var piece: [UInt8] = []
  private var isOver = false

  private static let pieceSize = 256 << 10

  /// A stream from the beginning.
  /// - Parameter substitutes: Files by their paths that are sent with that content in place of their own, or besides.
  package init(_ context: BuildContext, substitutes: [String: [UInt8]] = [:]) {
    self.context = context
    self.substitutes = substitutes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The next bytes; nil at the end.
  /// - Throws: `DirectoryError` for what cannot be read, `DrydockError`, `CancellationError`.
  package func next() throws -> [UInt8]? {
    try Task.checkCancellation()
    piece.reserveCapacity(Self.pieceSize)
    while piece.count < Self.pieceSize, !isOver {
      if let bytes = try file?.next() {
        piece += bytes
      } else {
        file = nil
        try takeMember()
      }
    }
    defer { piece = [] }
    return piece.isEmpty ? nil : piece
  }

  private func takeMember() throws {
    if walk == nil { walk = try ContextWalk(context) }
    guard let member = try walk?.next() else {
      for substitute in substitutes {
        try add(substitute.bytes, at: Array(substitute.path.utf8), mode: 0o644)
      }
      piece += TarHeader.end
      isOver = true
      return
    }
    let (entry, mode) = (member.entry, member.entry.mode)
    if let index = substitutes.firstIndex(where: { member.path.elementsEqual($0.path.utf8) }) {
      try add(substitutes.remove(at: index).bytes, at: member.path, mode: entry.isLink ? 0o644 : mode)
    } else if entry.isFolder {
      let path = member.path + [UInt8(ascii: "/")]
      piece += try header(path, .directory, mode, entry).blocks()
    } else if entry.isLink {
      guard let target = try member.folder.target(of: entry) else { return }
      piece += try header(member.path, .link(target: target), 0o777, entry).blocks()
    } else {
      try open(member, mode)
    }
  }

  private func header(_ path: [UInt8], _ kind: TarHeader.Kind, _ mode: UInt32, _ entry: FolderEntry)
    -> TarHeader
  {
    TarHeader(path: path, kind: kind, mode: mode, changed: entry.changed.seconds)
  }

  private func add(_ bytes: [UInt8], at path: [UInt8], mode: UInt32) throws {
    piece += try TarHeader(path: path, kind: .file, mode: mode, size: bytes.count).blocks() + bytes
    piece += [UInt8](repeating: 0, count: TarHeader.padding(after: bytes.count))
  }

  private func open(_ member: ContextMember, _ mode: UInt32) throws {
    guard let file = try ArchivedFile(member.entry, in: member.folder) else { return }
    var header = header(member.path, .file, mode, member.entry)
    header.size = file.size
    piece += try header.blocks()
    self.file = file
  }
}
