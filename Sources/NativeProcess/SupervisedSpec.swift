import DrydockBase

/// What to run under a keeper, and as whom.
package struct SupervisedSpec: Sendable, Hashable {
  /// Absolute path of the program's executable.
  package var executable: String
  /// The arguments after the executable's own name. They show up in `ps`, so no secret belongs here.
  package var arguments: [String]
  /// The whole environment of the program: nothing is inherited. See `cleanEnvironment`.
  package var environment: [String: String]
  /// Absolute path of the program's current folder; it has to be reachable for `user`.
  package var workingDirectory: String
  /// The user to drop to; nil keeps the one that runs drydock.
  package var user: ProcessUser?
  /// The only files and folders that the program may write in, where the system can see to that; empty for everywhere.
  package var writablePaths: [String]
  /// Where the program's lock, status and log lie.
  package var files: SupervisedFiles
  /// A few words for readers of `ps`, for example `shop/main-db`.
  package var label: String
  /// At how many bytes the log is moved to `.1` and begun anew; both together are never longer than twice that.
  package var logLimit: Int
  /// What is done for it as a service; nil for an engine.
  package var traits: ServiceTraits?
  /// Whether its keeper starts it again when a signal ended it that no `stop` sent, up to twenty times in quick succession;
  /// it gets SIGTERM when its keeper ends. For a program without traits.
  package var startsAgain = false
  /// For how many seconds it may run, giving way to everything else that wants the processor or a disk: for what nobody
  /// waits for. Its keeper has the system end it then. Nil for as long as it likes.
  package var errand: Int?
  /// The process that an engine, and what descends from it, must not outlive; a service's is one of its traits.
  package var leash: Leash?
  /// The overlay in which the program's data lies; nil for none.
  package var overlay: DataOverlay?
  /// How many files the program may have open, its soft limit; nil leaves the one that this process has.
  package var filesLimit: UInt64? = DescriptorLimit.ofCaller

  /// At how many bytes an engine's log is moved aside.
  package static let logLimit = 8 << 20

  /// Describes what is to be run.
  package init(
    executable: String, arguments: [String] = [], environment: [String: String],
    workingDirectory: String, user: ProcessUser? = nil, files: SupervisedFiles, label: String = "",
    logLimit: Int? = nil, writablePaths: [String] = [], traits: ServiceTraits? = nil
  ) {
    self.traits = traits
    self.writablePaths = writablePaths
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.user = user
    self.files = files
    self.label = label
    self.logLimit = logLimit ?? (traits == nil ? Self.logLimit : ServiceTraits.logLimit)
  }
}

extension SupervisedSpec {
  /// The form in which the keeper reads it: a tag byte, a value and a NUL for each record, ended by ".".
  ///
  /// The token comes back in the record, by which a start knows its own program. No value may hold a NUL; nil when one
  /// does, since none of these could be handed to a process.
  func encoded(token: String = "") -> [UInt8]? {
    var records = [
      "X\(executable)", "W\(workingDirectory)", "S\(files.statusFile)", "L\(files.logFile)", "Z\(logLimit)",
      "T\(token)", "A\(executable)",
    ]
    if let filesLimit { records.append("F\(filesLimit)") }
    if let leash { records.append(leash.record) }
    if let overlay { records.append("I\(overlay.keeper.pid) \(overlay.keeper.start)") }
    records += arguments.map { "A\($0)" }
    records += writablePaths.map { "P\($0)" }
    records += environment.sorted { $0.key < $1.key }.map { "E\($0.key)=\($0.value)" }
    if let user {
      records += ["U\(user.userID)", "G\(user.groupID)"]
      if let name = user.name { records.append("N\(name)") }
    }
    if startsAgain { records.append("R1") }
    if let errand { records.append("Q\(errand)") }
    if let traits { records += traits.records }
    guard !records.contains(where: { $0.utf8.contains(0) }) else { return nil }
    return records.flatMap { Array($0.utf8) + [0] } + [UInt8(ascii: "."), 0]
  }
}

/// Where the traces of one program lie: a folder of its own.
package struct SupervisedFiles: Sendable, Hashable {
  /// What runs there.
  package enum Kind: String, Sendable, Hashable {
    /// Its log is what it wrote.
    case engine
    /// Its log is a `LineLog`.
    case service
  }

  /// The folder, which has to exist; an absolute path.
  package let folder: String
  /// What runs there.
  package let kind: Kind

  /// The files below `folder`.
  package init(folder: String, kind: Kind = .engine) {
    self.folder = folder
    self.kind = kind
  }

  /// The program's own folder, around this one, in which it is started or which holds the data where it works.
  var ownFolder: String { folder + "/.." }
  /// Held by an advisory lock (`flock`, exclusive) for as long as the keeper or the program lives.
  package var lockFile: String { folder + "/" + Self.lockName }
  /// Who was started last and how it ended, as JSON; replaced atomically.
  package var statusFile: String { folder + "/" + Self.statusName }
  /// What the program wrote to its standard output and error.
  package var logFile: String { folder + (kind == .engine ? "/engine.log" : "/output.log") }
  /// What the program wrote before that, up to the same size.
  package var olderLogFile: String { logFile + ".1" }

  static let lockName = "engine.lock"
  static let statusName = "engine.status"
  /// The socket of a service's terminal.
  static let terminalName = "attach.sock"
}
