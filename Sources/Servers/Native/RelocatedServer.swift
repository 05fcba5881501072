import AppState
import DrydockBase
package import Engines
import Essentials
import LocalFiles
import MonotonicTime
import NativeProcess

/// An installed server put together anew in the cache: its executable copied, some files amended, all else by links. Nothing of
/// the system's is changed, and it needs no root.
///
/// It stays as long as the machine runs, since a server that runs goes on reading its files. What was installed or updated
/// meanwhile makes another one at the next start.
package struct RelocatedServer: Sendable {
  private let cache: String
  private let boot: String
  private let folder: String
  private let relocation: Relocation

  /// A server's other self; nil for one that is run where it lies.
  package init?(
    _ installation: NativeInstallation, _ engine: any ServerEngine, cache: String,
    boot: String? = bootIdentity()
  ) {
    guard let relocation = engine.relocation(installation), let boot,
      let executable = FileStamp(relocation.executable), let amended = relocation.amendments.folders.first,
      let files = FileStamp(amended)
    else { return nil }
    let name = URL(filePath: relocation.executable).lastPathComponent
    self.cache = cache
    self.boot = boot
    self.relocation = relocation
    self.folder =
      "\(cache)/servers/\(boot)/\(name)-\(installation.version)-\(shortHash("\(executable) \(files)"))"
  }

  /// Its executable.
  private var server: String { folder + relocation.executable }

  /// Makes it where it is not there.
  /// - Parameter runs: Whether an executable can be run by whom it is for.
  /// - Returns: Its executable; nil where the cache cannot hold one, which is done without then.
  package func make(_ runs: (String) async throws -> Bool) async throws -> String? {
    guard await canBeKept() else { return nil }
    if Folder.exists(server) { return server }
    let unfinished = "\(folder).new-\(InstanceDirectory.randomID())"
    do {
      try await offThePool { try fill(unfinished) }
      var isMade = try await runs(unfinished + relocation.executable)
      // Another may have made the same meanwhile.
      isMade = isMade && (rename(unfinished, folder) == 0 || Folder.exists(server))
      await Folder.discardTree(unfinished)
      return isMade ? server : nil
    } catch {
      await Folder.discardTree(unfinished)
      if error is CancellationError || error is TimeoutError { throw error }
      // A full disk, most likely.
      return nil
    }
  }

  private func fill(_ root: String) throws {
    let files = FileManager.default
    func place(_ path: String) throws -> String {
      let folder = URL(filePath: root + path).deletingLastPathComponent().path
      try Folder.make(folder, mode: 0o755, above: 0o755)
      return root + path
    }
    func link(_ path: String) throws {
      try files.createSymbolicLink(atPath: place(path), withDestinationPath: path)
    }
    let amended = relocation.amendments.folders.first ?? ""
    try files.copyItem(atPath: relocation.executable, toPath: place(relocation.executable))
    chmod(root + relocation.executable, 0o755)
    for path in relocation.linked { try link(path) }
    for name in try files.contentsOfDirectory(atPath: relocation.folder)
    where "\(relocation.folder)/\(name)" != amended {
      try link("\(relocation.folder)/\(name)")
    }
    for name in try files.contentsOfDirectory(atPath: amended) {
      let path = "\(amended)/\(name)"
      if relocation.amendments.concerns(name), let bytes = files.contents(atPath: path),
        let text = relocation.amendments.amend(name, String(decoding: bytes, as: UTF8.self))
      {
        try Data(text.utf8).write(to: URL(filePath: place(path)))
        chmod(root + path, 0o644)
      } else {
        try link(path)
      }
    }
  }

  /// Whether its folder is ours to write: whoever may write above it could put another executable there.
  private func canBeKept() async -> Bool {
    guard await BootCache(cache: cache, part: "servers", boot: boot).prepare(startsPrograms: true) else {
      return false
    }
    return !Folder.exists(folder) || Folder.isOwn(folder)
  }
}
