import LocalFiles
package import MonotonicTime
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program of drydock's own that works on after its command, one at a time: found again, started and stopped by others.
///
/// It runs while its lock is held, which it holds exclusively; who looks takes the lock shared, for a moment, so that
/// nobody who looks is taken for it. Who it is stands in a record that it writes under the lock, and counts only while that
/// very process is there.
package struct BackgroundProcess<Details: Codable & Sendable>: Sendable {
  /// What it is called in messages, such as "the rack".
  package let name: String
  /// Held while it works; its folder has to exist.
  package let lockFile: String
  /// Where it says who it is, and what else is to be known of it.
  package let recordFile: String
  /// What its keeper keeps where it was started in the background; the folder has to exist.
  package let files: SupervisedFiles

  /// A program whose traces are these.
  package init(name: String, lockFile: String, recordFile: String, files: SupervisedFiles) {
    self.name = name
    self.lockFile = lockFile
    self.recordFile = recordFile
    self.files = files
  }

  /// The program as it runs.
  package struct Running: Sendable {
    /// What it said of itself.
    package let details: Details
    /// Its process, looked at while it held the lock.
    let process: ProcessIdentity

    /// Its process's number.
    package var pid: Int32 { process.pid }
  }

  /// What became of it.
  package enum State: Sendable {
    /// It does not run.
    case stopped
    /// The lock is held and nobody has said yet who holds it. It passes within moments.
    case starting
    /// It runs.
    case running(Running)
  }

  // MARK: Looking

  /// Whether it runs at this moment.
  package func look() throws(NativeProcessError) -> State {
    // The record is read after the lock was seen: what is on record before is of an earlier one.
    guard try isHeld() else { return .stopped }
    guard let record = record(), let process = record.holder(of: lockFile) else { return .starting }
    return .running(Running(details: record.details, process: process))
  }

  /// The same, once whoever holds the lock has said who it is; `.starting` where nobody did by the deadline.
  package func settled(until deadline: Deadline) async throws -> State {
    var pause = Backoff(limit: .milliseconds(20))
    while true {
      let state = try look()
      guard case .starting = state, !deadline.hasPassed else { return state }
      do { try await pause.sleep(until: deadline, name) } catch is TimeoutError {}
    }
  }

  /// What was said last, by one that runs or by one that ran; nil before the first.
  package var lastDetails: Details? { record()?.details }

  private func isHeld() throws(NativeProcessError) -> Bool {
    let file: FileDescriptor
    do throws(Errno) {
      file = try openRegularFile(lockFile)
    } catch .noSuchFileOrDirectory {
      return false
    } catch {
      throw .file(lockFile, "open", error)
    }
    defer { try? file.close() }
    switch flockRetrying(file, LOCK_SH | LOCK_NB) {
    case nil:
      // Let go at once: a descriptor copied by a fork elsewhere in this process would else keep the lock.
      _ = flockRetrying(file, LOCK_UN)
      return false
    case .wouldBlock: return true
    default: throw .noLocks(lockFile)
    }
  }

  func record() -> BackgroundRecord<Details>? { BackgroundRecord(file: recordFile) }
}
