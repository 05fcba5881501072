import PortListeners

/// Who listens where an engine wants to.
package struct PortOwner: Sendable, Hashable, CustomStringConvertible {
  package let port: Int
  /// The listening process; nil when it belongs to another user, or the system does not tell.
  package let pid: Int32?
  /// Its name as in `ps`.
  package let processName: String?
  /// The number of the user whose socket it is.
  package let userID: UInt32?

  /// For example `PID 4711 (redis-server)`.
  package var description: String {
    if let pid { return "PID \(pid) (\(processName ?? "?"))" }
    return userID.map { "a process of user \($0)" } ?? "an unknown process"
  }

  /// Who listens at `port` on 127.0.0.1 or on all addresses; nil when nobody does or the system does not tell.
  ///
  /// The process is searched among the descriptors of all processes that may be looked at. A best effort: it is for
  /// messages, not for decisions.
  package static func of(port: Int) -> PortOwner? {
    #if os(Linux)
      guard let socket = try? ListeningSocket.all(at: port).first else { return nil }
      let pid = holder(of: socket)
      return PortOwner(
        port: port, pid: pid, processName: pid.flatMap { ProcessTable.entry($0)?.name }, userID: socket.userID
      )
    #else
      return nil
    #endif
  }

  #if os(Linux)
    private static func holder(of socket: ListeningSocket) -> Int32? {
      ProcessTable.pids().first { pid in
        ProcessTable.names(in: "/proc/\(pid)/fd").contains {
          ProcessTable.linkTarget("/proc/\(pid)/fd/\($0)") == "socket:[\(socket.inode)]"
        }
      }
    }
  #endif
}
