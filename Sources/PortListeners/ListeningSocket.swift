import CListeners
import Essentials

/// A TCP socket that gets connections to 127.0.0.1 at some port.
package struct ListeningSocket: Sendable, Hashable {
  /// The number by which `/proc/PID/fd` names it; no two sockets that are open have the same.
  package let inode: UInt32
  /// The number of the user whose socket it is.
  package let userID: UInt32
  /// Whether it gets what comes to the machine's other addresses too.
  package var isOpen = false

  /// Where the kernel is asked.
  enum Source: CaseIterable {
    /// Its own interface, sock_diag(7): one moment's picture, in a fraction of a millisecond.
    case netlink
    /// The tables in `/proc/net`, which are read to their end. They are no snapshot: while sockets come and go, a
    /// line may be missing from one reading.
    case tables
  }

  /// Those that get connections to 127.0.0.1 at `port`: on that address, on all of IPv4, or on all of IPv6 where that
  /// takes IPv4 as well. More than one where they share the port (SO_REUSEPORT).
  /// - Throws: `ListenersUnknown` where the system does not tell.
  package static func all(at port: Int) throws(ListenersUnknown) -> [ListeningSocket] {
    var reason = ""
    for source in Source.allCases {
      do {
        return try all(at: port, source)
      } catch {
        reason += (reason.isEmpty ? "" : "; ") + error.reason
      }
    }
    throw ListenersUnknown(reason: reason)
  }

  static func all(at port: Int, _ source: Source) throws(ListenersUnknown) -> [ListeningSocket] {
    guard let number = UInt16(exactly: port) else { return [] }
    return switch source {
    case .netlink: try askKernel(number)
    case .tables: try SocketTables(folder: "/proc/net").listeners(at: port)
    }
  }

  private static func askKernel(_ port: UInt16) throws(ListenersUnknown) -> [ListeningSocket] {
    let capacity = 64
    var found = [drydock_listener](repeating: drydock_listener(), count: capacity)
    let count = drydock_listeners(port, &found, Int32(capacity))
    guard count >= 0 else {
      throw ListenersUnknown(reason: "sock_diag: \(String(cString: strerror(-count)))")
    }
    guard count <= capacity else {
      throw ListenersUnknown(reason: "\(count) sockets share port \(port)")
    }
    return found.prefix(Int(count)).map {
      ListeningSocket(inode: $0.inode, userID: $0.uid, isOpen: $0.is_open != 0)
    }
  }
}

/// The system does not tell who listens.
package struct ListenersUnknown: Error, Sendable, Hashable {
  /// Why, in the system's words.
  package var reason: String
}
