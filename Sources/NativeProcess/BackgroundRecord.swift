import Essentials

/// What a program in the background says of itself: its own details, and its process beside them.
struct BackgroundRecord<Details: Codable & Sendable>: Codable, Sendable {
  var details: Details
  /// Nil where it does not work any more.
  var pid: Int32?
  /// As of `ProcessIdentity`; nil in records of earlier releases, as `boot`.
  var start: UInt64?
  var boot: String?

  private enum CodingKeys: String, CodingKey {
    case pid
    case start
    case boot
  }

  /// Of this process.
  init(_ details: Details) {
    self.details = details
    pid = getpid()
    start = ProcessTable.entry(getpid())?.start
    boot = ProcessTable.bootID
  }

  /// The record in a file; nil when there is none or it cannot be read.
  init?(file: String) {
    guard let bytes = readSmallFile(file, limit: 1 << 16),
      let record = try? JSONDecoder().decode(Self.self, from: Data(bytes))
    else { return nil }
    self = record
  }

  init(from decoder: any Decoder) throws {
    details = try Details(from: decoder)
    let values = try decoder.container(keyedBy: CodingKeys.self)
    pid = try values.decodeIfPresent(Int32.self, forKey: .pid)
    start = try values.decodeIfPresent(UInt64.self, forKey: .start)
    boot = try values.decodeIfPresent(String.self, forKey: .boot)
  }

  func encode(to encoder: any Encoder) throws {
    try details.encode(to: encoder)
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(pid, forKey: .pid)
    try values.encodeIfPresent(start, forKey: .start)
    try values.encodeIfPresent(boot, forKey: .boot)
  }

  /// The process on record, if it is there: same boot, same number, same start. Of an earlier release's, which tells its
  /// number alone, the system has to say that it holds the lock.
  func holder(of lock: String) -> ProcessIdentity? {
    guard let pid, pid > 1 else { return nil }
    if let start {
      let process = ProcessIdentity(pid: pid, start: start)
      return boot == ProcessTable.bootID && process.isAlive ? process : nil
    }
    guard ProcessTable.isHolder(pid, of: lock), let entry = ProcessTable.entry(pid) else { return nil }
    return ProcessIdentity(pid: pid, start: entry.start)
  }
}
