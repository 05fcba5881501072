import DrydockBase
import Emulator
import Essentials

/// The process's standard descriptors, which may be closed, full, or read by nobody any more.
enum StandardStreams {
  /// How a text was written.
  enum Outcome: Equatable {
    case written
    /// The system's error number.
    case failed(Int32)
    /// Nobody made room for it before the command was told to end.
    case abandoned
  }

  /// Puts something in the place of descriptors that the caller closed: else the next file that is opened gets its
  /// number, and what is meant for the screen goes into it.
  ///
  /// What takes the place cannot be used either, so that a result that goes nowhere is an error, and it is closed in a
  /// program that takes this process's place.
  static func fill() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", (descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC)
    }
  }

  /// Writes all of a text, waiting for its reader; a command that was told to end waits no more.
  static func write(_ text: String, to descriptor: Int32) -> Outcome {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      guard isReady(descriptor) else { return .abandoned }
      // A pipe that is ready takes this much at once.
      let part = rest.prefix(Int(PIPE_BUF))
      let count = part.withUnsafeBytes { Essentials.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR, errno != EAGAIN {
        return .failed(errno)
      }
    }
    return .written
  }

  /// Writes a result.
  /// - Returns: The status to exit with: a result that went nowhere, as on a full disk, must not pass for one.
  static func tell(_ text: String) -> Int32 {
    switch write(text, to: STDOUT_FILENO) {
    case .written: return 0
    case .failed(EPIPE), .abandoned: return 128 + SIGPIPE
    case .failed(let number):
      say("ERROR: cannot write the result: \(String(cString: strerror(number)))\n")
      return 1
    }
  }

  /// Makes sure that there is a standard input: programs take whatever file they open next for theirs.
  static func requireInput() throws {
    guard fcntl(STDIN_FILENO, F_GETFL) & O_ACCMODE == O_WRONLY else { return }
    throw DrydockError(.usage, "standard input is closed", suggestion: "for no input: </dev/null")
  }

  /// Says something that is no result. Where nobody listens, the exit status has to do.
  static func say(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  /// Waits for room, or for an error that writing will tell of.
  private static func isReady(_ descriptor: Int32) -> Bool {
    var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    while poll(&state, 1, 100) <= 0 {
      if Interruption.isUnderWay { return false }
    }
    return true
  }
}
