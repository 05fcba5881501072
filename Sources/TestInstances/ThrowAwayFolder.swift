import AppState
import DrydockBase
import Essentials
import MonotonicTime
import NativeProcess

/// The folder of a throw-away instance. While this value is there, its lock is held: no other run takes it for one that
/// was left.
struct ThrowAwayFolder: ~Copyable {
  /// The instance's id.
  let id: String
  /// The folder's real path.
  let path: String
  private let lock: InstanceLock

  private init(id: String, path: String, lock: consuming InstanceLock) {
    self.id = id
    self.path = path
    self.lock = lock
  }

  /// Makes one. It gets its name once it is locked.
  static func make(in parent: String, until deadline: Deadline) async throws -> ThrowAwayFolder {
    let mode: mode_t = getuid() == 0 ? 0o711 : 0o700
    try Folder.make(parent, mode: mode)
    guard Folder.isOwn(parent) else {
      throw DrydockError(.cannotWrite, "\(parent) belongs to somebody else", suggestion: "remove it")
    }
    guard let real = realpath(parent, nil) else { throw Folder.failure("look at", parent) }
    defer { free(real) }
    let id = InstanceDirectory.randomID()
    let path = "\(String(cString: real))/\(id)"
    let unfinished = "\(String(cString: real))/.new-\(id)"
    try Folder.make(unfinished, mode: mode)
    let lock = try await InstanceLock.acquire(unfinished, until: deadline)
    guard rename(unfinished, path) == 0 else { throw Folder.failure("make the folder", path) }
    return ThrowAwayFolder(id: id, path: path, lock: lock)
  }
}
