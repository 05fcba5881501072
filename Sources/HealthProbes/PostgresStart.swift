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

  /// Waits while the server says that it is starting. Whatever else the file says, or if there is none, the login has the
  /// word.
  /// - Throws: `ProbeFailure.starting` at the deadline, `CancellationError`.
  func ended(until deadline: Deadline) async throws {
    var pause = Backoff(first: .milliseconds(1), limit: .milliseconds(1))
    do {
      while isStarting { try await pause.sleep(until: deadline, "PostgreSQL's start") }
    } catch is TimeoutError {
      throw ProbeFailure.starting(message: "it says that it is starting")
    }
  }

  private var isStarting: Bool {
    // Whoever runs the server may have put anything there: no link is followed, and nothing is waited for.
    let descriptor = open(
      "\(dataFolder)/postmaster.pid", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    guard let bytes = readToEnd(of: descriptor, limit: 4096) else { return false }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.count >= 8 && lines[7].starts(with: Array("starting".utf8))
  }
}
