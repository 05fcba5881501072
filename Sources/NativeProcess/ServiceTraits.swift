package import DrydockBase

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a keeper does for a service beyond what it does for an engine.
///
/// A service's output is kept by lines, each with its time and stream (`LineLog`), and all that descends from its main
/// process ends with it, whatever session that made its own.
package struct ServiceTraits: Sendable, Hashable {
  /// At how many bytes a service's log is moved aside.
  package static let logLimit = 20 << 20

  /// The process that it must not outlive; nil lets it live on its own.
  package var leash: Leash?
  /// Where its ports are put; nil lets it bind what it likes.
  package var ports: PortMap?
  /// The size of a terminal that it gets in place of pipes, from its start; nil for pipes.
  package var terminal: TerminalSize?

  /// Traits of a service.
  package init(leash: Leash? = nil, ports: PortMap? = nil, terminal: TerminalSize? = nil) {
    self.leash = leash
    self.ports = ports
    self.terminal = terminal
  }

  /// The records of them, as in `SupervisedSpec.encoded`.
  var records: [String] {
    var records = ["O1"]
    if let leash { records.append(leash.record) }
    if let ports { records += ports.records }
    if let terminal {
      records.append("Y\(UInt16(clamping: terminal.rows)) \(UInt16(clamping: terminal.columns))")
    }
    return records
  }
}

/// A process with whose end other things end, however it ends: the keeper watches it.
package struct Leash: Sendable, Hashable, Codable {
  let process: ProcessIdentity

  init(_ process: ProcessIdentity) { self.process = process }

  /// It as a keeper reads it.
  var record: String { "K\(process.pid) \(process.start)" }

  /// A process that runs now; nil when there is none of that number.
  package init?(to processID: Int32) {
    guard let entry = ProcessTable.entry(processID), !entry.isZombie else { return nil }
    process = ProcessIdentity(pid: processID, start: entry.start)
  }

  /// The process that started this one, such as its keeper.
  /// - Throws: `NativeProcessError` with `.keeperFailed` where it is gone.
  package static func toParent() throws(NativeProcessError) -> Leash {
    let parent = getppid()
    guard parent > 1, let leash = Leash(to: parent) else {
      throw NativeProcessError(.keeperFailed, "what started this process is gone")
    }
    return leash
  }

  /// This very process.
  /// - Throws: `NativeProcessError` with `.keeperFailed` where the system does not say when it started.
  package static func toThisProcess() throws(NativeProcessError) -> Leash {
    guard let leash = Leash(to: getpid()) else {
      throw NativeProcessError(.keeperFailed, "the system does not tell when this process started")
    }
    return leash
  }
}

/// At which ports a service really listens. All that it binds is bound on 127.0.0.1.
///
/// Its calls of bind(2) and listen(2) are carried out by the keeper; see `Keeper.canMapPorts`. That takes the right to
/// become another user by executing a program from the service.
package struct PortMap: Sendable, Hashable {
  /// The port that is its own for each one that it binds; every other stays what it is.
  package let ownPorts: [Int: Int]

  /// A map of declared ports to own ones.
  package init(_ ownPorts: [Int: Int] = [:]) {
    self.ownPorts = ownPorts
  }

  var records: [String] { ["B1"] + ownPorts.sorted { $0.key < $1.key }.map { "M\($0.key) \($0.value)" } }
}
