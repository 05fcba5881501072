import DrydockBase
import Essentials
package import MonotonicTime

/// The advisory lock of a folder, by which only one command at a time changes what is in it.
///
/// A folder may be deleted while somebody waits for its lock. A lock counts only while its file is the one at the path:
/// else two would hold "the" lock, one of them that of a file that nobody else can see.
package struct InstanceLock: ~Copyable {
  private let descriptor: Int32

  private init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// What `acquire` makes of a folder that is not there.
  package enum Making {
    /// It and what is missing above it.
    case withParents
    /// It alone: without the one above there is no lock.
    case alone
    /// Nothing: without it there is no lock.
    case never
  }

  /// Waits for the lock of a folder.
  /// - Parameters:
  ///   - folder: The folder; made if it is missing.
  ///   - limit: The longest pause between two tries.
  ///   - deadline: When to give up.
  ///   - waiting: Called once if the lock is held by another command, with its process id where that is known.
  /// - Throws: `DrydockError.notReady` at the deadline, `.cannotWrite` where no lock can be had.
  package static func acquire(
    _ folder: String, pause limit: Duration = .milliseconds(50),
    until deadline: Deadline, waiting: (Int32?) -> Void = { _ in }
  ) async throws -> InstanceLock {
    let lock = try await acquire(
      folder, making: .withParents, pause: limit, until: deadline, waiting: waiting)
    guard let lock else { throw Folder.failure("lock", folder) }
    return lock
  }

  /// The same for a folder that may be gone by the time that it is our turn.
  /// - Returns: Nil where it is.
  package static func acquire(
    _ folder: String, making: Making, pause limit: Duration = .milliseconds(50), until deadline: Deadline,
    waiting: (Int32?) -> Void = { _ in }
  ) async throws -> InstanceLock? {
    var told = false
    while true {
      guard let lock = try file(of: folder, making) else { return nil }
      try await lock.wait(for: folder, pause: limit, until: deadline) { holder in
        if !told { waiting(holder) }
        told = true
      }
      guard lock.isCurrent(in: folder) else { continue }
      lock.recordHolder()
      return lock
    }
  }

  /// The lock of a folder, if it is there and nobody has it at this moment.
  package static func attempt(_ folder: String) -> InstanceLock? {
    guard let lock = try? file(of: folder, .never), flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0,
      lock.isCurrent(in: folder)
    else { return nil }
    lock.recordHolder()
    return lock
  }

  /// Opens the lock's file; nil without the folder.
  private static func file(of folder: String, _ making: Making) throws -> InstanceLock? {
    switch making {
    case .withParents: try Folder.make(folder, mode: 0o700)
    case .alone: mkdir(folder, 0o700)
    case .never: break
    }
    // In another user's home the folder may be a link to one of root's.
    let directory = open(
      folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (geteuid() == 0 ? O_NOFOLLOW : 0))
    guard directory >= 0 else {
      if errno == ENOENT { return nil }
      throw Folder.failure("open", folder)
    }
    defer { close(directory) }
    var descriptor = openat(directory, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    if descriptor < 0, errno == ENOENT { descriptor = create(in: directory) }
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw Folder.failure("open", "\(folder)/lock")
    }
    return InstanceLock(descriptor: descriptor)
  }

  /// Makes the lock's file; in another user's folder, where root stops engines, for that user.
  private static func create(in folder: Int32) -> Int32 {
    let descriptor = openat(folder, "lock", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    // Another command came first.
    if descriptor < 0, errno == EEXIST { return openat(folder, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW) }
    var info = stat()
    if descriptor >= 0, geteuid() == 0, fstat(folder, &info) == 0, info.st_uid != 0 {
      _ = fchown(descriptor, info.st_uid, info.st_gid)
    }
    return descriptor
  }

  private borrowing func wait(
    for folder: String, pause limit: Duration, until deadline: Deadline, waiting: (Int32?) -> Void
  ) async throws {
    var pause = Backoff(limit: limit)
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else {
        throw DrydockError(
          .cannotWrite,
          "no locks can be had on the file system of \(folder): \(String(cString: strerror(errno)))",
          suggestion: "name a folder on a local disk by DRYDOCK_HOME")
      }
      waiting(holder)
      do {
        try await pause.sleep(until: deadline, "the lock of \(folder)")
      } catch is TimeoutError {
        throw DrydockError(
          .notReady,
          "another drydock command is busy with this app\(holder.map { " (process \($0))" } ?? "")",
          suggestion: "wait for it, or stop it")
      }
    }
  }

  /// Whether the file that is locked is the one that others would lock.
  private borrowing func isCurrent(in folder: String) -> Bool {
    var (ours, there) = (stat(), stat())
    return fstat(descriptor, &ours) == 0 && lstat("\(folder)/lock", &there) == 0
      && ours.st_ino == there.st_ino && ours.st_dev == there.st_dev
  }

  /// Whether some command holds the lock of a folder at this moment.
  package static func isHeld(_ folder: String) -> Bool {
    let descriptor = open("\(folder)/lock", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // Shared, so that two that ask do not take each other for the holder.
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }

  private var holder: Int32? {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return count > 0
      ? Int32(String(decoding: bytes.prefix(count), as: UTF8.self).prefix { $0.isNumber }) : nil
  }

  private borrowing func recordHolder() {
    let text = "\(getpid())\n"
    ftruncate(descriptor, 0)
    pwrite(descriptor, text, text.utf8.count, 0)
  }
}
