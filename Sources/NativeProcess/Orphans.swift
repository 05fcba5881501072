import Essentials
package import MonotonicTime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The processes of programs whose folder was removed while they ran, so that no lock file tells of them any more.
///
/// They are known by the descriptor of the lock, which they keep: the system still says where the file was. As such a
/// descriptor can be handed to any process, only those of the program's user and the keeper count. Of other users'
/// processes only root sees descriptors. Where the system does not show them (macOS), none is found.
/// - Parameter user: As whom the program ran.
package func orphans(of files: SupervisedFiles, user: UInt32) -> [Int32] {
  #if os(Linux)
    let removed = "\(realPath(files.lockFile)) (deleted)"
    return ProcessTable.pids().filter { pid in
      pid != getpid() && ProcessTable.entry(pid)?.isSupervised(user: user) == true
        && hasDescriptor(pid, of: removed)
    }
  #else
    return []
  #endif
}

#if os(Linux)
  private func hasDescriptor(_ pid: Int32, of target: String) -> Bool {
    ProcessTable.names(in: "/proc/\(pid)/fd").contains {
      ProcessTable.linkTarget("/proc/\(pid)/fd/\($0)") == target
    }
  }
#endif

/// Ends them, and waits until they are gone. There is nothing that they could still save.
/// - Parameter user: As whom the program ran.
/// - Throws: `TimeoutError`, `CancellationError`.
package func endOrphans(of files: SupervisedFiles, user: UInt32, until deadline: Deadline) async throws {
  var pause = Backoff(limit: .milliseconds(50))
  while true {
    let found = orphans(of: files, user: user)
    if found.isEmpty { return }
    for pid in found { end(pid, files, user) }
    try await pause.sleep(until: deadline, "the end of \(found.count) processes of \(files.folder)")
  }
}

/// Kills it if it is still one of them now that it is held: its number may be another's by now.
private func end(_ pid: Int32, _ files: SupervisedFiles, _ user: UInt32) {
  #if os(Linux)
    let removed = "\(realPath(files.lockFile)) (deleted)"
    ProcessTable.signal(pid, SIGKILL) { $0.isSupervised(user: user) && hasDescriptor($0.pid, of: removed) }
  #endif
}

/// A path with the links in that part of it followed which is there.
private func realPath(_ path: String) -> String {
  var (url, rest) = (URL(filePath: path), [String]())
  while url.path != "/" {
    if let real = realpath(url.path, nil) {
      defer { free(real) }
      return ([String(cString: real)] + rest).joined(separator: "/")
    }
    rest.insert(url.lastPathComponent, at: 0)
    url.deleteLastPathComponent()
  }
  return path
}
