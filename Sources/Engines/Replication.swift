package import HealthProbes
package import MonotonicTime

/// The source of a read replica as the replica reaches it.
package struct ReplicaLink: Sendable, Hashable {
  /// The source's address as seen by the replica: 127.0.0.1, or its name in the instance's network.
  package var host: String
  /// The source's port as seen by the replica.
  package var port: Int
  /// What the source knows the replica by: a slot, an account. `[a-z0-9_]`, at most 32 characters, because MySQL's
  /// user names hold no more.
  package var name: String
  /// The password of drydock's administrator on the source.
  package var administratorPassword: String
  /// The password of the account by which the replica reads.
  package var password: String

  /// A link to a source.
  package init(host: String, port: Int, name: String, administratorPassword: String, password: String) {
    self.host = host
    self.port = port
    self.name = name
    self.administratorPassword = administratorPassword
    self.password = password
  }
}

/// A shell script that makes or loads a replica's copy, run where the engine's own tools are.
package struct ReplicaScript: Sendable, Hashable {
  /// The script's text for `sh -c`. It holds no secret.
  package var text: String
  /// Variables for it.
  package var environment: [String: String]
  /// Files that it reads, secrets among them.
  package var files: [RecipeFile]
  /// The image's user as whom it runs in a container of its own; nil for the image's own.
  package var user: String?

  /// A script with what it needs.
  package init(
    _ text: String, environment: [String: String] = [:], files: [RecipeFile] = [], user: String? = nil
  ) {
    self.user = user
    self.text = text
    self.environment = environment
    self.files = files
  }
}

/// How far a replica is.
package struct ReplicationStatus: Sendable, Hashable, Codable {
  /// Whether it is connected to its source.
  package var isConnected: Bool
  /// Whether it applies what it gets: neither paused nor failed.
  package var isApplying: Bool
  /// How much it is behind, in `lagUnit`; nil when that cannot be told.
  package var lag: Int?
  /// What the lag counts: bytes of log, or transactions.
  package var lagUnit: String
  /// How much it is behind in seconds; nil when that cannot be told.
  package var lagSeconds: Double?
  /// What keeps it from going on, in the server's words.
  package var problem: String?
  /// Whether the source no longer has what it needs, so that it must be built anew.
  package var isLost: Bool

  /// A status.
  package init(
    isConnected: Bool, isApplying: Bool, lag: Int? = nil, lagUnit: String, lagSeconds: Double? = nil,
    problem: String? = nil, isLost: Bool = false
  ) {
    self.isConnected = isConnected
    self.isApplying = isApplying
    self.lag = lag
    self.lagUnit = lagUnit
    self.lagSeconds = lagSeconds
    self.problem = problem
    self.isLost = isLost
  }
}

/// Where a replica's data is made: the tools and paths of a native server, or a container's own.
package enum ReplicaPlace: Sendable, Hashable {
  /// A native server.
  case native(NativeInstallation, NativeFolders)
  /// A container; files go under this folder in it.
  case container(files: String)

  /// Where a script keeps what it has from the source, secrets among it, while it runs: always at the same place, so that
  /// what a killed one left is removed by the next, and for nobody but the server's user.
  var copy: String {
    switch self {
    case .native(_, let folders): "\(folders.scratch)/\(Self.copyName)"
    case .container: "/tmp/\(Self.copyName)"
    }
  }

  private static let copyName = "drydock-source"

  /// What a killed script leaves in the folder of a native server, by their names in it.
  package static let passingFiles = [
    "source.pgpass", "source.cnf", "replica.cnf", "scratch/\(copyName)",
  ]
}

/// What an engine that has read replicas does for them. Administrators are reached by the targets given.
package protocol Replication: Sendable {
  /// Whether a replica that is delayed or paused connects again after its source's restart.
  var connectsWhileHeldBack: Bool { get }
  /// Whether a password that is set while the source does not run reaches its replicas once it does.
  var hearsOfPasswordsLater: Bool { get }
  /// Makes what the source needs for this replica, and clears away what an interrupted attempt left.
  func prepareSource(_ source: ProbeTarget, _ link: ReplicaLink, until deadline: Deadline) async throws
  /// The script that makes the replica's data before it ever starts; nil where a copy is loaded afterwards.
  func seed(_ link: ReplicaLink, _ place: ReplicaPlace) -> ReplicaScript?
  /// The script that loads the copy into the running, empty replica; nil where `seed` made it.
  func load(_ link: ReplicaLink, replica: ProbeTarget, _ place: ReplicaPlace) -> ReplicaScript?
  /// Tells the replica about its source before the copy is loaded.
  func configure(_ replica: ProbeTarget, _ link: ReplicaLink, until deadline: Deadline) async throws
  /// Makes a running replica follow its source and refuse writes; may be called at each start. A paused one only
  /// receives.
  func follow(_ replica: ProbeTarget, _ link: ReplicaLink, isPaused: Bool, until deadline: Deadline)
    async throws
  /// The source's position: what a replica has to have passed to have everything written so far.
  func position(_ source: ProbeTarget, until deadline: Deadline) async throws -> String
  /// Whether the replica has applied everything up to a position of its source.
  func hasPassed(_ position: String, _ replica: ProbeTarget, until deadline: Deadline) async throws -> Bool
  /// How far the replica is; without a source to ask, only what the replica itself knows.
  func status(
    _ replica: ProbeTarget, source: ProbeTarget?, _ link: ReplicaLink, until deadline: Deadline
  ) async throws -> ReplicationStatus
  /// Applies what a replica has received, however it is held back; its source need not be there.
  func applyReceived(_ replica: ProbeTarget, until deadline: Deadline) async throws
  /// Makes a replica independent and writable.
  func promote(_ replica: ProbeTarget, until deadline: Deadline) async throws
  /// Removes from the source what it kept for the replica.
  func releaseSource(_ source: ProbeTarget, _ link: ReplicaLink, until deadline: Deadline) async throws
  /// Delays what the replica applies; 0 for not at all.
  func setDelay(_ seconds: Int, _ replica: ProbeTarget, until deadline: Deadline) async throws
  /// Stops or goes on applying, while the connection to the source stays. A pause outlives the server's end, however
  /// that comes about.
  func setPaused(_ paused: Bool, _ replica: ProbeTarget, until deadline: Deadline) async throws
  /// Whether a replica that is to apply again has to be started again for that.
  func needsRestartToResume(_ replica: ProbeTarget, until deadline: Deadline) async throws -> Bool
}

extension Replication {
  /// Most take it up at once.
  package func needsRestartToResume(_ replica: ProbeTarget, until deadline: Deadline) async throws -> Bool {
    false
  }
}
