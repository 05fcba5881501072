import Foundation

/// Who listens where an engine wants to.
public struct PortOwner: Sendable, Hashable, CustomStringConvertible {
  /// The port.
  public let port: Int
  /// The listening process; nil when it belongs to another user, or the system does not tell.
  public let pid: Int32?
  /// Its name as in `ps`.
  public let processName: String?
  /// The number of the user whose socket it is.
  public let userID: UInt32?

  /// For example `PID 4711 (redis-server)`.
  public var description: String {
    if let pid { return "PID \(pid) (\(processName ?? "?"))" }
    return userID.map { "a process of user \($0)" } ?? "an unknown process"
  }

  /// Who listens at `port` on 127.0.0.1 or on all addresses; nil when nobody does or the system does not tell.
  ///
  /// Read from /proc/net/tcp and tcp6, then from the descriptors of all processes that may be looked at. A
  /// best effort: it is for messages, not for decisions.
  public static func of(port: Int) -> PortOwner? {
    #if os(Linux)
      // The kernel's tables are no snapshots: while sockets come and go, a line may be missing from one reading.
      let readings = ["/proc/net/tcp", "/proc/net/tcp6", "/proc/net/tcp", "/proc/net/tcp6"]
      guard let socket = readings.lazy.compactMap({ listener($0, port) }).first else { return nil }
      let pid = holder(ofSocket: socket.inode)
      return PortOwner(
        port: port, pid: pid, processName: pid.flatMap { ProcessTable.entry($0)?.name }, userID: socket.userID
      )
    #else
      return nil
    #endif
  }

  #if os(Linux)
    private struct Socket {
      let inode: String
      let userID: UInt32?
    }

    /// Addresses on which a listener gets what is sent to 127.0.0.1: that one, all of IPv4, all of IPv6, and the
    /// first as an IPv6 address; in the machine's byte order, as the kernel prints them.
    private static let addresses: Set<Substring> = [
      "0100007F", "00000000", "00000000000000000000000000000000", "0000000000000000FFFF00000100007F",
      // The same on a machine of the other byte order.
      "7F000001", "00000000000000000000FFFF7F000001",
    ]

    private static func listener(_ table: String, _ port: Int) -> Socket? {
      for line in (readSmallText(table) ?? "").split(separator: "\n").dropFirst() {
        // sl, local address, remote address, state (0A: listening), queues, timer, retransmits, uid, timeout, inode
        let fields = line.split(separator: " ")
        guard fields.count > 9, fields[3] == "0A" else { continue }
        let local = fields[1].split(separator: ":")
        guard local.count == 2, Int(local[1], radix: 16) == port, addresses.contains(local[0]) else {
          continue
        }
        return Socket(inode: String(fields[9]), userID: UInt32(fields[7]))
      }
      return nil
    }

    private static func holder(ofSocket inode: String) -> Int32? {
      ProcessTable.pids().first { pid in
        ProcessTable.names(in: "/proc/\(pid)/fd").contains {
          ProcessTable.linkTarget("/proc/\(pid)/fd/\($0)") == "socket:[\(inode)]"
        }
      }
    }
  #endif
}
