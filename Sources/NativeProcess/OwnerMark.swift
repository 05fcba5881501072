import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Words for the environment of a client that tell which drydock it works for, so that one whose drydock was killed is
/// known.
package enum OwnerMark {
  /// The variable that holds the mark, and after a dot whatever the caller adds to it.
  package static let variable = "DRYDOCK_CLIENT"

  /// The mark of this process: `NAMESPACE-PID-START`.
  package static var own: String {
    "\(namespace)-\(getpid())-\(ProcessTable.entry(getpid())?.start ?? 0)"
  }

  /// Whether a mark is that of a process which is gone. One from another container, whose numbers mean nothing here, is
  /// nobody's to judge.
  package static func isAbandoned(_ mark: some StringProtocol) -> Bool {
    let parts = mark.prefix { $0 != "." }.split(separator: "-")
    guard parts.count == 3, parts[0] == namespace, let pid = Int32(parts[1]), let start = UInt64(parts[2])
    else { return false }
    return !ProcessIdentity(pid: pid, start: start).isAlive
  }

  /// Ends the clients on this machine whose drydock is gone. Where the system does not show environments (macOS),
  /// nothing is done.
  package static func endAbandoned() {
    #if os(Linux)
      let prefix = Data("\(variable)=".utf8)
      for pid in ProcessTable.pids() {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/environ"),
          let words = bytes.split(separator: 0).first(where: { $0.starts(with: prefix) }),
          isAbandoned(String(decoding: words.dropFirst(prefix.count), as: UTF8.self))
        else { continue }
        kill(pid, SIGKILL)
      }
    #endif
  }

  /// In which the numbers of processes mean something: `pid:[4026531836]` without the letters.
  private static var namespace: String {
    #if os(Linux)
      (ProcessTable.linkTarget("/proc/self/ns/pid") ?? "").filter(\.isNumber)
    #else
      "0"
    #endif
  }
}
