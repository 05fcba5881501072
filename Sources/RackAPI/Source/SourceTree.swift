import AppState
import ByteStreams
import DrydockBase
import Essentials
import LocalFiles

/// Unpacks what was uploaded into a folder, and nowhere else: no link is followed, devices are left out, and what names a
/// place outside is refused.
struct SourceTree {
  /// The most bytes and the most members that are taken out of an upload.
  struct Bounds {
    var bytes = 8 << 30
    var members = 500_000
  }

  private static let longestPath = 4096
  /// The bytes of a member besides its content: heads, a long name, what fills blocks up.
  private static let overhead = 8 << 10
  private static let deepest = 128

  private let root: DirectoryDescriptor
  private let bounds: Bounds
  private var bytes = 0
  private var members = 0
  /// The folder of the member before, as most lie beside each other.
  private var last: (path: [String], folder: DirectoryDescriptor)

  /// A tree in a folder that is there.
  init(in folder: String, bounds: Bounds = Bounds()) throws {
    root = try DirectoryDescriptor(folder, followingLink: false)
    last = ([], root)
    self.bounds = bounds
  }

  /// Unpacks an archive, compressed or not.
  /// - Throws: `DrydockError`, `DirectoryError`; what was unpacked until then stays.
  @concurrent
  mutating func unpack(_ archive: @escaping ByteSource) async throws {
    let peeked = PeekedSource(archive)
    let source: ByteSource = { try await peeked.next() }
    let isCompressed = try await peeked.peek(2) == Gzip.magic
    var reader = TarReader(
      isCompressed ? try Gzip.expanding(source) : source, limit: bounds.bytes + bounds.members * Self.overhead
    )
    while let member = try await reader.next() {
      members += 1
      guard members <= bounds.members else { throw Self.refused("it has more than \(bounds.members) files") }
      try await unpack(member, &reader)
      try Task.checkCancellation()
    }
  }

  private mutating func unpack(_ member: TarReader.Member, _ reader: inout TarReader) async throws {
    var path = try Self.components(member.path)
    // Of the developer's own instance; it holds passwords, and would be taken for this one's.
    guard path.first != ".drydock", let name = path.popLast() else { return }
    switch member.kind {
    case .other: return
    case .folder:
      let folder = try self.folder(path + [name])
      fchmod(folder.descriptor, mode_t(member.mode & 0o777 | 0o700))
    case .file: try await write(name, in: try vacant(name, in: path), member, &reader)
    case .link(let target):
      let folder = try vacant(name, in: path)
      guard !target.isEmpty,
        symlinkat(target.map { CChar(bitPattern: $0) } + [0], folder.descriptor, name) == 0
      else { throw Self.refused("the link \(folder.path(of: name)) cannot be made") }
    case .sameAs(let target): try link(name, in: path, to: target)
    }
  }

  private mutating func write(
    _ name: String, in folder: DirectoryDescriptor, _ member: TarReader.Member, _ reader: inout TarReader
  ) async throws {
    let descriptor = openat(
      folder.descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Folder.failure("write", folder.path(of: name)) }
    defer { close(descriptor) }
    let sink = DescriptorStreams.sink(descriptor, file: folder.path(of: name))
    while let piece = try await reader.content() {
      bytes += piece.count
      guard bytes <= bounds.bytes else { throw Self.refused("it has more than \(bounds.bytes >> 20) MB") }
      try await sink(piece)
    }
    fchmod(descriptor, mode_t(member.mode & 0o777 | 0o600))
  }

  private mutating func link(_ name: String, in path: [String], to target: [UInt8]) throws {
    var there = try Self.components(target)
    guard let old = there.popLast() else { throw Self.refused("a link in it leads nowhere") }
    let source = try folder(there)
    let folder = try vacant(name, in: path)
    guard try source.entry(old)?.isFile == true,
      linkat(source.descriptor, old, folder.descriptor, name, 0) == 0
    else { throw Self.refused("\(folder.path(of: name)) is to be a file that is not there") }
  }

  // MARK: Places

  /// The folder of a member, in which nothing has its name.
  private mutating func vacant(_ name: String, in path: [String]) throws -> DirectoryDescriptor {
    let folder = try folder(path)
    if try folder.status(of: name) != nil {
      last = ([], root)
      try folder.removeTree(name)
    }
    return folder
  }

  /// The folder at a path, made where it is missing. A link on the way is refused.
  private mutating func folder(_ path: [String]) throws -> DirectoryDescriptor {
    if path == last.path { return last.folder }
    var folder = root
    for name in path { folder = try folder.makingDirectory(name, mode: 0o755) }
    last = (path, folder)
    return folder
  }

  private static func components(_ path: [UInt8]) throws -> [String] {
    guard path.count <= longestPath, let text = String(validating: path, as: UTF8.self) else {
      throw refused("a name in it is too long, or no text")
    }
    let parts = text.splitExactly(at: "/").map { String($0) }.filter { $0 != "." && !$0.isEmpty }
    guard !parts.contains(".."), parts.count <= deepest else {
      throw refused("\"\(text)\" is outside of it, or too deep")
    }
    return parts
  }

  private static func refused(_ reason: String) -> DrydockError {
    DrydockError(.usage, "the upload cannot be unpacked: \(reason)")
  }
}
