import Essentials
import LocalFiles

/// A process together with when it started, so that a later process of the same number is not taken for it.
struct ProcessIdentity: Sendable, Hashable, Codable {
  let pid: Int32
  /// Clock ticks since boot on Linux, microseconds since 1970 on macOS; 0 when the system did not tell.
  let start: UInt64

  /// Whether that very process is still there (a zombie is not).
  var isAlive: Bool {
    guard let entry = ProcessTable.entry(pid) else { return false }
    return entry.start == start && !entry.isZombie
  }
}

/// The status file, as the keeper writes it.
struct SupervisedRecord: Sendable, Hashable, Codable {
  struct Ending: Sendable, Hashable, Codable {
    let code: Int32?
    let signal: Int32?
  }

  let format: Int
  /// Says which start this was; random.
  let token: String?
  let boot: String
  let keeper: ProcessIdentity
  let process: ProcessIdentity
  /// The user as whom the program was started; nil in records of the first release.
  let user: UInt32?
  let startedAt: Int64
  let exit: Ending?
  let endedAt: Int64?

  private enum CodingKeys: String, CodingKey {
    case format, token, boot, keeper, user, startedAt, exit, endedAt
    // What `drydock-keeper` calls it, also in the records of programs that an earlier release started.
    case process = "engine"
  }

  /// The record in the keeper's folder; nil when there is none or it cannot be read, which a power cut may cause.
  static func read(in folder: DirectoryDescriptor) -> SupervisedRecord? {
    guard let bytes = try? folder.read(SupervisedFiles.statusName, limit: 1 << 16) else { return nil }
    return try? JSONDecoder().decode(SupervisedRecord.self, from: Data(bytes))
  }

  var running: SupervisedProcess {
    SupervisedProcess(keeperPID: keeper.pid, processID: process.pid, startedAt: Self.date(startedAt))
  }

  var reason: ExitReason {
    if let code = exit?.code { return .code(code) }
    if let signal = exit?.signal { return .signal(signal) }
    return .unknown
  }

  var ended: Date? { endedAt.map(Self.date) }

  private static func date(_ milliseconds: Int64) -> Date {
    Date(timeIntervalSince1970: Double(milliseconds) / 1000)
  }
}
