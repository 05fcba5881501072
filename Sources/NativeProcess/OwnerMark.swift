import DrydockBase
import Essentials

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
  /// The variable that holds the mark; after a dot whatever the caller adds to it, and at the end, after another, the
  /// number of the session that the client leads. Whatever a client starts inherits the variable, also what a person
  /// starts from a console to stay, in a session of its own; only what is in that very session is the client.
  package static let variable = "DRYDOCK_CLIENT"

  /// The words of a shell that adds its own number to the variable. It leads the client's session, and then becomes the
  /// client.
  package static let naming = #"export \#(variable)="$\#(variable).$$""#

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

  /// Ends the clients of this user on this machine whose drydock is gone. Where the system does not show environments
  /// (macOS), nothing is done.
  package static func endAbandoned() {
    #if os(Linux)
      for pid in ProcessTable.pids() {
        guard let client = ProcessTable.entry(pid), isAbandonedClient(client) else { continue }
        ProcessTable.signal(pid, SIGKILL) { $0.start == client.start && isAbandonedClient($0) }
      }
    #endif
  }

  #if os(Linux)
    private static func isAbandonedClient(_ process: ProcessTable.Entry) -> Bool {
      guard ProcessTable.realUser(process.pid) == getuid(), let mark = mark(of: process.pid),
        mark.split(separator: ".").dropFirst().last == "\(process.session)"
      else { return false }
      return isAbandoned(mark)
    }

    private static func mark(of pid: Int32) -> String? {
      let prefix = Array("\(variable)=".utf8)
      let words = KernelFile.read("/proc/\(pid)/environ")?.split(separator: 0)
        .first { $0.starts(with: prefix) }
      return words.map { String(decoding: $0.dropFirst(prefix.count), as: UTF8.self) }
    }
  #endif

  /// In which the numbers of processes mean something: `pid:[4026531836]` without the letters.
  private static var namespace: String {
    #if os(Linux)
      (ProcessTable.linkTarget("/proc/self/ns/pid") ?? "").filter(\.isNumber)
    #else
      "0"
    #endif
  }
}

extension Tool {
  /// The same command, with the number of its session added to the mark in its environment.
  package var namedInItsMark: Tool {
    var tool = self
    tool.arguments = ["-c", #"\#(OwnerMark.naming); exec "$@""#, "sh", executable] + arguments
    tool.executable = "/bin/sh"
    return tool
  }
}
