import CListeners
import DrydockBase
import Essentials

/// Which process has to be the one that listens at a port of 127.0.0.1 for its server to be ours.
package struct ExpectedListener: Sendable, Hashable {
  package var port: Int
  /// The server's process, the leader of its session; nil where it has ended, so that whoever listens is a stranger.
  package var processID: Int32?

  /// An expectation.
  package init(port: Int, processID: Int32?) {
    self.port = port
    self.processID = processID
  }

  /// What the kernel says about a port.
  package enum Finding: Sendable, Hashable {
    /// The process listens, by these sockets and nobody by others. Empty where the system has no way to tell, as on
    /// macOS.
    case ours(Set<ListeningSocket>)
    /// Nobody listens.
    case nobody
    /// Somebody else does, perhaps besides; the user whose socket it is.
    case stranger(userID: UInt32)
    /// It cannot be told, or it is not as drydock started it, and why.
    case unknown(reason: String)
  }

  /// Asks the kernel who listens, and the process whether that is one of its sockets. Takes some tenths of a
  /// millisecond.
  package func look() -> Finding {
    #if os(Linux)
      do {
        return judge(try ListeningSocket.all(at: port))
      } catch {
        return .unknown(reason: "the system does not tell who listens at port \(port) (\(error.reason))")
      }
    #else
      return .ours([])
    #endif
  }

  func judge(_ sockets: [ListeningSocket]) -> Finding {
    guard let first = sockets.first else { return .nobody }
    guard let processID else { return .stranger(userID: first.userID) }
    for socket in sockets {
      switch ServerProcess(processID).has(socket) {
      case true: continue
      case false: return .stranger(userID: socket.userID)
      case nil:
        return .unknown(
          reason:
            "port \(port): the descriptors of process \(processID) cannot be read to see whether it listens there"
        )
      }
    }
    if sockets.contains(where: \.isOpen) {
      return .unknown(reason: "its server listens at port \(port) of all addresses, not of 127.0.0.1 alone")
    }
    return .ours(Set(sockets))
  }
}

/// A server's process with those that it has forked.
struct ServerProcess {
  let processID: Int32

  init(_ processID: Int32) {
    self.processID = processID
  }

  /// Whether a socket is among the descriptors of the process, or of one in its session; nil where that cannot be seen.
  func has(_ socket: ListeningSocket) -> Bool? {
    // All processes of the machine are looked through only where the server itself does not have it.
    if isHeld(socket, by: [processID]) == true { return true }
    return isHeld(socket, by: [processID] + forks)
  }

  private func isHeld(_ socket: ListeningSocket, by members: [Int32]) -> Bool? {
    var isUnseen = false
    for member in members {
      switch drydock_has_socket(member, socket.inode) {
      case 1: return true
      case 0, -ENOENT, -ESRCH: continue
      default: isUnseen = true
      }
    }
    return isUnseen ? nil : false
  }

  /// Nobody gets into a session but by being forked in it.
  private var forks: [Int32] {
    let names = FileManager.default.readableNames(in: "/proc")
    return names.compactMap { Int32($0) }.filter { $0 != processID && Self.session(of: $0) == processID }
  }

  private static func session(of pid: Int32) -> Int32? {
    guard let text = KernelFile.text("/proc/\(pid)/stat") else { return nil }
    // The name, in parentheses, may hold spaces itself; behind it stand state, parent, group and session.
    guard let close = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: close)...].split(separator: " ")
    return fields.count > 3 ? Int32(fields[3]) : nil
  }
}
