import DrydockBase
import Essentials
internal import MonotonicTime

/// What a PostgreSQL server on this machine says of its own start, in the file by which `pg_ctl --wait` knows it:
/// line 8 of `postmaster.pid`, since version 10 (`src/include/utils/pidfile.h`).
///
/// A login that comes too early makes the server start a process to refuse it, in the middle of its start, and the next one
/// comes some milliseconds after it could have been let in.
struct PostgresStart: Sendable {
  let dataFolder: String
  /// For how long a file whose last line is missing is taken for one that is being written.
  var patience = Duration.milliseconds(300)

  private enum Status {
    /// There is no such file, or it is none of a server's.
    case unknown
    /// The line is not there yet: the server listens before it writes it. Versions before 10 never do.
    case unwritten
    case starting
    case other
  }

  /// Waits while the server says that it is starting, and a moment for it to say anything. Whatever else the file says, or
  /// if there is none, the login has the word.
  /// - Throws: `ProbeFailure.starting` at the deadline, `CancellationError`.
  func ended(until deadline: Deadline) async throws {
    let written = Deadline.after(patience)
    var pause = Backoff(first: .milliseconds(1), limit: .milliseconds(1))
    do {
      while true {
        switch status {
        case .starting: break
        case .unwritten where !written.hasPassed: break
        case .unwritten, .unknown, .other: return
        }
        try await pause.sleep(until: deadline, "PostgreSQL's start")
      }
    } catch is TimeoutError {
      throw ProbeFailure.starting(message: "it says that it is starting")
    }
  }

  private var status: Status {
    // Whoever runs the server may have put anything there: no link is followed, and nothing is waited for.
    let descriptor = open(
      "\(dataFolder)/postmaster.pid", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { return .unknown }
    defer { close(descriptor) }
    guard let bytes = readToEnd(of: descriptor, limit: 4096) else { return .unknown }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard lines.count >= 8, !lines[7].isEmpty else { return .unwritten }
    return lines[7].starts(with: Array("starting".utf8)) ? .starting : .other
  }
}
