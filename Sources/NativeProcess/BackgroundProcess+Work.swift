import Essentials
import LocalFiles
import MonotonicTime
import SystemPackage

// What the program itself does.
extension BackgroundProcess {
  /// Does the program's work under its lock. Until it is published who works, others see a start.
  /// - Throws: `NativeProcessError` with `.alreadyRunning` when another one works; what `work` throws.
  package func holding<Value>(_ work: () async throws -> Value) async throws -> Value {
    guard let lock = try await takeLock() else {
      throw NativeProcessError(.alreadyRunning, "\(name) runs already")
    }
    // By hand, as for those who look.
    defer {
      _ = flockRetrying(lock, LOCK_UN)
      try? lock.close()
    }
    try retract()
    // A record that cannot be taken back says nothing any more once the lock is free.
    defer { try? retract() }
    return try await work()
  }

  /// Says who works, and what is to be known of it. For the one that holds the lock.
  package func publish(_ details: Details) throws { try write(BackgroundRecord(details)) }

  /// Keeps the details and takes back who works.
  private func retract() throws {
    guard var record = record(), record.pid != nil else { return }
    (record.pid, record.start, record.boot) = (nil, nil, nil)
    try write(record)
  }

  private func write(_ record: BackgroundRecord<Details>) throws {
    let path = URL(filePath: recordFile)
    do {
      let folder = try DirectoryDescriptor(
        path.deletingLastPathComponent().path, followingLink: geteuid() != 0)
      try folder.replace(path.lastPathComponent, with: Array(JSONEncoder().encode(record)), mode: 0o600)
    } catch let error as DirectoryError {
      throw NativeProcessError.file(recordFile, "write", error)
    }
  }

  /// Nil where another one has it.
  private func takeLock() async throws -> FileDescriptor? {
    let deadline = Deadline.after(.seconds(10))
    var pause = Backoff(first: .milliseconds(1), limit: .milliseconds(10))
    while true {
      let file = try openLock(lockFile)
      let error = flockRetrying(file, LOCK_EX | LOCK_NB)
      // A lock counts while its file is the one at the path, where others look.
      if error == nil, inodeNumber(of: file) == inodeNumber(ofPath: lockFile) { return file }
      defer { try? file.close() }
      if let error {
        guard error == .wouldBlock else { throw NativeProcessError.noLocks(lockFile) }
        // A shared lock in the way is of somebody who looks, and passes; an exclusive one is of another one that works.
        if flockRetrying(file, LOCK_SH | LOCK_NB) != nil { return nil }
        _ = flockRetrying(file, LOCK_UN)
      }
      try await pause.sleep(until: deadline, "the lock \(lockFile)")
    }
  }
}

/// Opens the file of a lock, made if it is missing.
func openLock(_ path: String) throws(NativeProcessError) -> FileDescriptor {
  let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0o600)
  if descriptor < 0 { throw .file(path, "open", lastErrno()) }
  return FileDescriptor(rawValue: descriptor)
}
