/// A failure to start, find, stop or ask about a process of this machine.
package struct NativeProcessError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure it is; the part that callers compare.
  package enum Code: Sendable, Hashable {
    /// The keeper's executable is at none of the places where it is looked for.
    case keeperMissing
    /// The keeper's executable is there but could not be run, or answered in a way that drydock does not know.
    case keeperFailed
    /// Another program holds the lock.
    case alreadyRunning
    /// The file system of the lock file has no advisory locks.
    case locksUnsupported
    /// A file or folder of the program cannot be read or written; the number is `errno`.
    case fileUnusable(Int32)
    /// The program's executable could not be executed; the number is `errno`.
    case cannotExecute(Int32)
    /// The privileges of the wanted user could not be taken on; the number is `errno`.
    case cannotChangeUser(Int32)
    /// A process could not be started for another reason than its executable; the number is `errno`.
    case cannotFork(Int32)
    /// The calls of a service that bind ports cannot be diverted here; the number is `errno`.
    case cannotMapPorts(Int32)
    /// The system, or this process's share of it, is out of descriptors, processes or memory; the number is `errno`.
    case shortage(Int32)
    /// The program outlived every step of its stop.
    case cannotStop
    /// A command ended with an exit code other than 0, or by a signal.
    case commandFailed(ExitReason)
    /// A command wrote more than there is room for.
    case outputTooLarge
    /// There is no such user.
    case userUnknown
    /// Every port of the range is taken.
    case noFreePort
    /// That one port is taken.
    case portTaken
    /// The operating system lets only privileged users listen on that port.
    case portNotPermitted
  }

  /// The kind of failure.
  package let code: Code
  /// What happened, naming the object.
  package let message: String
  /// What to do next, where there is something.
  package let suggestion: String?

  /// An error of a kind, with a message that names the object.
  package init(_ code: Code, _ message: String, suggestion: String? = nil) {
    self.code = code
    self.message = message
    self.suggestion = suggestion
  }

  /// The message and the suggestion on one line.
  package var description: String { suggestion.map { "\(message); \($0)" } ?? message }
}

extension NativeProcessError {
  static func portsUnmappable(_ reason: String, _ errno: Int32) -> NativeProcessError {
    NativeProcessError(
      .cannotMapPorts(errno), "a service's ports cannot be mapped here: \(reason)",
      suggestion: "the kernel, or the container that this runs in, does not permit it")
  }
}

extension SupervisedFiles.Kind {
  var inSentence: String { self == .engine ? "an engine" : "a service" }
}
