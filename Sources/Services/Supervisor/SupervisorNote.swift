import DrydockBase
import NativeProcess
import Synchronization

/// What a supervisor says of itself, to others and to the one that may come after it.
final class SupervisorNote: Sendable {
  private let program: BackgroundProcess<SupervisorRecord>
  private let record: Mutex<SupervisorRecord>
  private let lastFailure = Mutex<DrydockError?>(nil)

  /// The note of one that prepares; nobody sees it before the first change.
  init(_ program: BackgroundProcess<SupervisorRecord>, leash: Leash, isDetached: Bool) {
    self.program = program
    record = Mutex(SupervisorRecord(isDetached: isDetached, isPreparing: true, leash: leash))
  }

  /// Changes what is said; of several changes at once none is lost.
  func change(_ body: (inout SupervisorRecord) -> Void) throws {
    try record.withLock { record in
      body(&record)
      do { try program.publish(record) } catch {
        lastFailure.withLock { $0 = DrydockError(error) }
        throw error
      }
      lastFailure.withLock { $0 = nil }
    }
  }

  /// Why what is said now is not on record; nil where it is.
  var failure: DrydockError? { lastFailure.withLock(\.self) }
}
