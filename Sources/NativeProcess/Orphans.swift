import Foundation
package import MonotonicTime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The processes of engines whose folder was removed while they ran, so that no lock file tells of them any more.
///
/// They are known by the descriptor of the lock, which they keep: the system still says where the file was. Of other
/// users' processes only root sees that. Where the system does not show descriptors (macOS), none is found.
package func orphans(of files: EngineProcessFiles) -> [Int32] {
  #if os(Linux)
    let removed = "\(realPath(files.lockFile)) (deleted)"
    return ProcessTable.pids().filter { pid in
      pid != getpid()
        && ProcessTable.names(in: "/proc/\(pid)/fd").contains {
          ProcessTable.linkTarget("/proc/\(pid)/fd/\($0)") == removed
        }
    }
  #else
    return []
  #endif
}

/// Ends them, and waits until they are gone. There is nothing that they could still save.
/// - Throws: `TimeoutError`, `CancellationError`.
package func endOrphans(of files: EngineProcessFiles, until deadline: Deadline) async throws {
  var pause = Backoff(limit: .milliseconds(50))
  while true {
    let found = orphans(of: files)
    if found.isEmpty { return }
    for pid in found { kill(pid, SIGKILL) }
    try await pause.sleep(until: deadline, "the end of \(found.count) processes of \(files.folder)")
  }
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
