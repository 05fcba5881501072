import LocalServer
import MonotonicTime
import Synchronization

/// What went wrong in the background: told to whoever asks, for a while or until something succeeds. The tool, which
/// would wait for half an hour else, asks each second and believes a failure that it is told twice in a row.
final class Failures: Sendable {
  private struct Failure {
    var failure: HTTPFailure
    var until: Deadline
  }

  private let failures = Mutex<[String: Failure]>([:])
  private let patience: Duration

  init(patience: Duration = .seconds(30)) {
    self.patience = patience
  }

  func note(_ failure: HTTPFailure, of name: String) {
    failures.withLock { $0[name] = Failure(failure: failure, until: .after(patience)) }
  }

  func forget(_ name: String) { failures.withLock { $0[name] = nil } }

  /// - Throws: What went wrong with that resource of late.
  func tell(_ name: String) throws {
    let failure = failures.withLock { failures -> HTTPFailure? in
      if failures[name]?.until.hasPassed == true { failures[name] = nil }
      return failures[name]?.failure
    }
    if let failure { throw failure }
  }
}
