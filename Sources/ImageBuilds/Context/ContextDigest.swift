import DrydockBase
import Essentials
import LocalFiles
import MonotonicTime
import SystemPackage
import TransportSecurity

/// What a build's context is, as digests: two that are alike hold the same.
package actor ContextDigest {
  private let executor = BlockingExecutor(label: "drydock.context-digest")
  /// Reading files waits for the disk.
  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let context: BuildContext

  /// The digests of a context.
  package init(_ context: BuildContext) { self.context = context }

  /// The look of the files: names, modes, sizes, and when they were changed, which costs no reading.
  ///
  /// Nil where something was changed within the last second: what is changed once more may look the same.
  /// - Throws: `DirectoryError`, `DrydockError`, `CancellationError`.
  package func look() throws -> String? {
    var newest = 0
    let digest = Digest()
    try forEach { member in
      let entry = member.entry
      newest = max(newest, entry.stateChanged.seconds)
      digest.addPart(member.path)
      let (changed, state) = (entry.changed, entry.stateChanged)
      // Of a folder, what is in it counts, and not that something left behind came or went.
      let times = [changed.seconds, changed.nanoseconds, state.seconds, state.nanoseconds]
      let numbers = entry.isFolder ? [Int(entry.mode)] : [Int(entry.mode), entry.size] + times
      digest.addPart(Array("\(entry.kind) \(numbers)".utf8))
    }
    return newest < Int(Date().timeIntervalSince1970) - 1 ? digest.finish() : nil
  }

  /// What the files hold, byte for byte, with their names and modes.
  /// - Throws: `DirectoryError`, `DrydockError`, `CancellationError`.
  package func content() throws -> String {
    let digest = Digest()
    try forEach { member in
      digest.addPart(member.path)
      digest.addPart(Array("\(member.entry.kind) \(member.entry.mode)".utf8))
      if member.entry.isLink {
        digest.addPart(try member.folder.target(of: member.entry) ?? [])
      } else if member.entry.isFile {
        try Self.addContent(of: member, digest)
      }
    }
    return digest.finish()
  }

  private static func addContent(of member: ContextMember, _ digest: Digest) throws {
    guard let file = try member.folder.open(member.entry) else { return }
    defer { try? file.close() }
    var length = 0
    while true {
      try Task.checkCancellation()
      let bytes = try file.readPiece(256 << 10)
      guard !bytes.isEmpty else { break }
      length += bytes.count
      digest.add(bytes)
    }
    digest.addPart(Array("\(length)".utf8))
  }

  private nonisolated func forEach(_ body: (ContextMember) throws -> Void) throws {
    var walk = try ContextWalk(context)
    while let member = try walk.next() {
      try Task.checkCancellation()
      try body(member)
    }
  }
}
