import Logging
import MonotonicTime
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The session of a command, remembered so that nothing of it is left behind.
final class SessionLeader: Sendable {
  private let pid = Mutex<Int32?>(nil)

  func set(_ pid: Int32) {
    self.pid.withLock { $0 = pid }
  }

  /// Kills what is left of the session and waits until it has ended. The leader itself has been reaped before.
  func clear() async {
    guard let session = pid.withLock({ $0 }), !rest(of: session).isEmpty else { return }
    let ending: Void? = try? await shieldedFromCancellation { [self] in
      let deadline = Deadline.after(.seconds(5))
      var pause = Backoff(limit: .milliseconds(20))
      while true {
        let rest = rest(of: session)
        if rest.isEmpty { return }
        for member in rest { ProcessTable.signal(member, SIGKILL) }
        try await pause.sleep(until: deadline, "the end of session \(session)")
      }
    }
    // Whoever waits for the command has its result; that something of it hangs in the kernel is no error of his.
    if ending == nil { logger.debug("outlives a kill", metadata: ["session": "\(session)"]) }
  }

  /// A number is not given to a new process while a session of that number has members. So if there is a process
  /// of the leader's number now, the session was empty and this is a stranger's.
  private func rest(of session: Int32) -> [ProcessTable.Entry] {
    let members = ProcessTable.members(ofSession: session)
    return members.contains { $0.pid == session } ? [] : members
  }
}
