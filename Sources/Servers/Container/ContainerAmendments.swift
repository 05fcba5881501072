package import DockerEngine
import DrydockBase
package import Engines
import Essentials
package import MonotonicTime

/// Has files of an image say what drydock needs, in a container that does not run: the image stays as it is. Once for each
/// container.
package struct ContainerAmendments: Sendable {
  package let client: DockerClient
  package let container: String
  package let amendments: ImageAmendments
  /// Whether data is still to be made.
  package let isFresh: Bool
  /// Where they are kept for the next container of the image; nil for nowhere.
  package var kept: String?
  package let deadline: Deadline

  /// Says that it was done.
  private static let mark = "\(ContainerRuntime.folder)/amended"

  /// Makes them in a container that was just made, where they are known from another of its image.
  /// - Returns: Whether they are made.
  package func makeAsKept() async throws -> Bool {
    let kept = kept
    let bytes = try await offThePool { kept.flatMap { FileManager.default.contents(atPath: $0) } }
    guard let bytes, !bytes.isEmpty else { return false }
    try await client.putArchive(Array(bytes), into: container, path: "/", until: deadline)
    return true
  }

  package func make() async throws {
    guard try await client.readFile("/" + Self.mark, in: container, until: deadline) == nil else { return }
    var archive = TarArchive()
    for folder in amendments.files.folders {
      guard
        let found = try await client.readFiles(
          in: folder, of: container, until: deadline, where: amendments.files.concerns)
      else { continue }
      for (name, bytes) in found.sorted(by: { $0.key < $1.key }) where amendments.files.concerns(name) {
        guard let text = amendments.files.amend(name, String(decoding: bytes, as: UTF8.self)) else {
          continue
        }
        try archive.addFile(String("\(folder)/\(name)".dropFirst()), bytes: Array(text.utf8))
      }
      if isFresh, found[amendments.condition] != nil { try await addSettings(to: &archive) }
      break
    }
    try archive.addDirectory(ContainerRuntime.folder)
    try archive.addFile(Self.mark, mode: 0o444, bytes: [])
    try await client.putArchive(archive.bytes, into: container, path: "/", until: deadline)
    // Without them the next container takes longer, and nothing else.
    try? await keep(archive.bytes)
  }

  private func keep(_ bytes: [UInt8]) async throws {
    guard let kept else { return }
    try await offThePool {
      let file = URL(filePath: kept)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
      try Data(bytes).write(to: file, options: .atomic)
    }
  }

  private func addSettings(to archive: inout TarArchive) async throws {
    for path in amendments.settings {
      guard let bytes = try await client.readFile(path, in: container, until: deadline) else { continue }
      if let text = amendments.amendSettings(String(decoding: bytes, as: UTF8.self)) {
        try archive.addFile(String(path.dropFirst()), bytes: Array(text.utf8))
      }
      return
    }
  }
}
