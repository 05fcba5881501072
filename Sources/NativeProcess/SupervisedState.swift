package import Essentials
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program that runs.
package struct SupervisedProcess: Sendable, Hashable, Codable {
  /// The process that holds the lock and will record the program's end.
  package let keeperPID: Int32
  /// The program itself, which leads a session and process group of its own.
  package let processID: Int32
  /// When it was started, by the wall clock.
  package let startedAt: Date
}

/// How a process ended.
package enum ExitReason: Sendable, Hashable, CustomStringConvertible {
  /// It ended by itself with this exit code.
  case code(Int32)
  /// This signal ended it.
  case signal(Int32)
  /// It ended while nobody watched: its keeper was killed, or the machine went down.
  case unknown

  /// As a person says it.
  package var description: String {
    switch self {
    case .code(let code): "exit code \(code)"
    // The number says nothing to most, and the cause is the caller's own.
    case .signal(SIGXFSZ): "signal \(SIGXFSZ), as a file would be larger than `ulimit -f` permits"
    case .signal(let signal): "signal \(signal)"
    case .unknown: "unknown"
    }
  }
}

/// What became of a program.
package enum SupervisedState: Sendable, Hashable {
  /// Nothing was ever started here.
  case neverStarted
  /// The lock is held and the program on record lives.
  case running(SupervisedProcess)
  /// The lock is held but no living program is on record: a start is under way, or children of a program that has
  /// ended are still ending. It passes within moments, or `stop` ends it.
  case settling
  /// The lock is free. The time is that of the wall clock, nil where nobody recorded it.
  case exited(ExitReason, at: Date?)
}

/// When the program that runs, or ran last, was started; nil before the first.
package func lastStart(of files: SupervisedFiles) throws(NativeProcessError) -> Date? {
  try SupervisedLook(files)?.record?.running.startedAt
}

/// Says whether a program runs, by trying its lock and never by a process number alone.
///
/// The lock is tried in shared mode for a moment; a start that goes on at the same time waits for that moment.
/// - Throws: `NativeProcessError` with `.locksUnsupported` or `.fileUnusable`.
package func inspect(_ files: SupervisedFiles) throws(NativeProcessError) -> SupervisedState {
  guard let look = try SupervisedLook(files) else { return .neverStarted }
  guard look.isOccupied else {
    return look.record.map { .exited($0.reason, at: $0.ended) } ?? .neverStarted
  }
  guard let record = look.record, look.isAlive else { return .settling }
  return .running(record.running)
}
