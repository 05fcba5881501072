import Foundation
public import MonotonicTime

/// The advisory lock of a folder, by which only one command at a time changes an instance.
public struct InstanceLock: ~Copyable {
  private let descriptor: Int32

  private init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Waits for the lock of a folder.
  /// - Parameters:
  ///   - folder: The instance's state folder; made if it is missing.
  ///   - limit: The longest pause between two tries.
  ///   - deadline: When to give up.
  ///   - waiting: Called once if the lock is held by another command, with its process id where that is known.
  /// - Throws: `EmulatorError.notReady` at the deadline, `.cannotWrite` where no lock can be had.
  public static func acquire(
    _ folder: String, pause limit: Duration = .milliseconds(50),
    until deadline: Deadline, waiting: (Int32?) -> Void = { _ in }
  ) async throws -> InstanceLock {
    try Folder.make(folder, mode: 0o700)
    let path = "\(folder)/lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw Folder.failure("open", path) }
    let lock = InstanceLock(descriptor: descriptor)
    var pause = Backoff(limit: limit)
    var told = false
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else {
        throw EmulatorError(
          .cannotWrite,
          "no locks can be had on the file system of \(folder): \(String(cString: strerror(errno)))",
          suggestion: "name a folder on a local disk by DRYDOCK_HOME")
      }
      if !told { waiting(lock.holder) }
      told = true
      do {
        try await pause.sleep(until: deadline, "the lock of \(folder)")
      } catch is TimeoutError {
        throw EmulatorError(
          .notReady,
          "another drydock command is busy with this app\(lock.holder.map { " (process \($0))" } ?? "")",
          suggestion: "wait for it, or stop it")
      }
    }
    lock.recordHolder()
    return lock
  }

  /// Whether some command holds the lock of a folder at this moment.
  static func isHeld(_ folder: String) -> Bool {
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

  private func recordHolder() {
    let text = "\(getpid())\n"
    ftruncate(descriptor, 0)
    pwrite(descriptor, text, text.utf8.count, 0)
  }
}
