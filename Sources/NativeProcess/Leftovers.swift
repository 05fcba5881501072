import Essentials
package import MonotonicTime

/// Ends processes that an earlier, killed run left at work, and waits until they are gone.
///
/// They are known by a variable of their environment, whose value has to be unique to what they do: a process
/// number alone proves nothing, and a command's children seldom keep its arguments. Where the system does not
/// show environments (macOS), nothing is done.
/// - Throws: `TimeoutError`, `CancellationError`.
package func endProcesses(withVariable name: String, _ value: String, until deadline: Deadline) async throws {
  #if os(Linux)
    let wanted = Array("\(name)=\(value)\0".utf8)
    @Sendable func isLeftover(_ pid: Int32) -> Bool {
      readSmallFile("/proc/\(pid)/environ", limit: 8 << 20).map { $0.contains(wanted) } ?? false
    }
    func leftovers() -> [Int32] { ProcessTable.pids().filter { $0 != getpid() && isLeftover($0) } }
    var pause = Backoff(limit: .milliseconds(50))
    // Again and again, as one that is just being started may escape the first look.
    while true {
      let found = leftovers()
      if found.isEmpty { return }
      for pid in found { ProcessTable.signal(pid, SIGKILL) { isLeftover($0.pid) } }
      try await pause.sleep(until: deadline, "the end of \(found.count) processes of an earlier run")
    }
  #endif
}
