import ConvoxEnvironment
import DrydockBase
import Essentials
import LocalFiles

extension StateHome {
  private var keyFile: String { Self.keyFile(in: root) }
  private static func keyFile(in root: String) -> String { "\(root)/key" }

  /// The random name by which folders know this home; nil before it has one. Its path would not do: in a container
  /// it is that of another home outside.
  package var key: String? { Self.key(in: root) }

  /// The key of the home at a path.
  package static func key(in root: String) -> String? {
    FileManager.default.contents(atPath: keyFile(in: root)).flatMap {
      FolderMark(String(decoding: $0, as: UTF8.self))?.id
    }
  }

  /// The same, made where it is missing. Of two that make it at once both get the first one's.
  package func madeKey() throws -> String {
    try forgetOriginal()
    let key = try keyOrNew()
    try notePlace()
    return key
  }

  private func keyOrNew() throws -> String {
    if let key { return key }
    try Folder.make(root, mode: 0o700)
    let new = InstanceDirectory.randomID()
    let temporary = "\(keyFile).\(new)"
    do {
      try AtomicFile.write(Array("\(new)\n".utf8), to: temporary, mode: 0o600)
    } catch {
      throw DrydockError(
        .cannotWrite, "cannot write \(keyFile): \(error.reason)",
        suggestion: WriteRemedy.elsewhere(after: error.errno))
    }
    defer { unlink(temporary) }
    // Some file systems have no links; there the later one's counts.
    guard link(temporary, keyFile) == 0 || errno == EEXIST || rename(temporary, keyFile) == 0 else {
      throw Folder.failure("write", keyFile)
    }
    guard let key else {
      throw DrydockError(.cannotWrite, "\(keyFile) is damaged", suggestion: "remove it")
    }
    return key
  }
}
