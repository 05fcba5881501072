package import ConvoxEnvironment
package import ConvoxManifest
package import HealthProbes
package import MonotonicTime
package import TransportSecurity

/// One kind of resource: what it is called, what it takes, how it is run, how it is proved healthy.
///
/// An engine only describes; it starts nothing. Adding one is a new file that conforms to this protocol and
/// one line in `ResourceCatalog.builtIn`.
package protocol Engine: ResourceDefinition {
  /// Which variables services get, and in which form.
  var variableShape: VariableShape { get }
  /// What makes a server of it; nil for a resource that is no server (efs).
  var server: (any ServerEngine)? { get }
  /// What AWS asks of the app's resource password besides, where this one is not that; nil where it is.
  func problem(withPassword password: String, options: [String: String]) -> String?
  /// What its exports are; nil for a type without.
  var exportFormat: ExportFormat? { get }
  /// How its data is exported and imported; nil for a type that Convox does neither with.
  func transfer(_ place: ClientPlace) -> TransferMethod?
  /// The engine that these options ask for, where a type has several.
  func variant(_ options: [String: String]) -> any Engine
}

extension Engine {
  /// Most take any password that Convox takes.
  package func problem(withPassword password: String, options: [String: String]) -> String? { nil }

  /// Databases write statements.
  package var exportFormat: ExportFormat? { .statements }

  /// Most types have one engine.
  package func variant(_ options: [String: String]) -> any Engine { self }
}

/// An engine that is a server: it listens on a port, answers a protocol and may keep data.
package protocol ServerEngine: Engine {
  /// The port it listens on in AWS and inside containers.
  var standardPort: Int { get }
  /// Which versions there are, by image tag.
  var versions: VersionTable { get }
  /// What the software is called, on images' labels and in messages.
  var product: String { get }
  /// The engine whose images may stand in for this one's where none of it is here; nil for none.
  var understudy: (any ServerEngine)? { get }
  /// Engines of the same protocol of which an image may be that somebody names for this one: each is run in its own way.
  var kin: [any ServerEngine] { get }
  /// Whether a version of this engine may stand in for an engine whose understudy it is.
  func standsIn(_ version: ServerVersion) -> Bool
  /// How servers of it are found on the machine.
  var nativeSearch: NativeSearch { get }
  /// Unprivileged users of this machine as whom a native server runs where drydock runs as root, best first.
  var nativeUsers: [String] { get }
  /// Whether a server found on the machine serves this engine's resources, itself or as a stand-in.
  func accepts(_ installation: NativeInstallation) -> Acceptance
  /// The accounts that the engine has; nil where it knows no accounts.
  var accounts: EngineAccounts? { get }
  /// Whether what clients give it outlives its process.
  var keepsData: Bool { get }
  /// How a native server is asked to stop, mildest way first.
  var stopSteps: [StopStage] { get }

  /// How clients may connect to a server with these options; `forcesTLS` is RDS's `rds.force_ssl`.
  func transport(options: [String: String], forcesTLS: Bool) -> TransportPolicy
  /// Why a server of that version cannot be what the options want; nil where it can.
  func obstacle(options: [String: String], version: ServerVersion) -> String?
  /// How a container of it is made.
  func container(_ request: ServerRequest) -> ContainerRecipe
  /// How a container of it is made that finds its data in an image, and how a volume is filled from that; nil for an engine
  /// that has none to make.
  func baked(_ request: ServerRequest) -> BakedRecipe?
  /// How its native data directory is made and served.
  func native(_ request: ServerRequest, _ installation: NativeInstallation, _ folders: NativeFolders)
    -> NativeRecipe
  /// How an installed server is put together anew to be what AWS has; nil for one that is run where it lies.
  func relocation(_ installation: NativeInstallation) -> Relocation?
  /// What is amended in an image of that version for it to be what AWS has; nil for nothing.
  func imageAmendments(_ version: ServerVersion) -> ImageAmendments?
  /// What it does for read replicas; nil for an engine that has none.
  /// - Parameters:
  ///   - source: The version of the server that runs, where it is known.
  ///   - product: What runs: the engine's own, or the one that stands in for it.
  func replication(_ source: ServerVersion?, servedBy product: String) -> (any Replication)?
  /// Whether a server of that version in a container proves by a certificate whose it is.
  func provesItself(_ version: ServerVersion) -> Bool
  /// The socket of a native server, where the administrator logs in; nil for none.
  func socket(_ request: ServerRequest, _ folders: NativeFolders) -> String?
  /// A probe that logs in as the target's user.
  func probe(_ target: ProbeTarget) -> any HealthProbe
  /// Who has to answer for the server to be ours.
  func identity(_ request: ServerRequest, nativeProcessID: Int?) -> ExpectedIdentity
  /// Brings accounts and databases into the wanted state through the administrator; may be run again at any time.
  func provision(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline)
    async throws
  /// What new native data lacks when its server runs for the first time; nobody but the administrator is let in before it
  /// has that.
  var nativeGap: ProvisioningGap { get }
  /// Gives the administrator's and the app's account the request's passwords, in new data that lacks nothing else.
  func setPasswords(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline)
    async throws
  /// Gives the app's account the request's password, so that replicas hear of it too.
  func changePassword(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline)
    async throws
  /// Takes back settings of the app's account by which no session of it can be opened.
  func resetSettings(_ administrator: ProbeTarget, until deadline: Deadline) async throws
  /// The generation of new data: what it keeps from the app's account, and what it has besides accounts; 0 where there is
  /// nothing of the kind. Data of an earlier generation is brought there by `confine`.
  var confinement: Int { get }
  /// Takes from the app's account what it may not have, in data that exists, and adds what that lacks.
  /// - Returns: What the user has to know of it, in a sentence; nil for nothing.
  func confine(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline) async throws
    -> String?
  /// What makes databases out of others, as the administrator; nil for an engine without databases.
  func copies(_ administrator: ProbeTarget) -> (any DatabaseCopies)?
  /// How a person talks to a server.
  func console(_ place: ClientPlace) -> ConsoleMethod
  /// Whether data written by one version may be served by another.
  func canServe(data: ServerVersion, with server: ServerVersion) -> Bool
}

extension ServerEngine {
  /// The engine itself.
  package var server: (any ServerEngine)? { self }

  /// Most are called as their type is.
  package var product: String { resourceType.name }

  /// Most images are stood in for by nothing but another version.
  package var understudy: (any ServerEngine)? { nil }

  /// Most engines are databases.
  package var keepsData: Bool { true }

  /// Most have nothing that takes time to make.
  package func baked(_ request: ServerRequest) -> BakedRecipe? { nil }

  /// Who may stand in for it, at least.
  package var kin: [any ServerEngine] { understudy.map { [$0] } ?? [] }

  /// Any version of an understudy.
  package func standsIn(_ version: ServerVersion) -> Bool { true }

  /// Every version takes every option.
  package func obstacle(options: [String: String], version: ServerVersion) -> String? { nil }

  /// An engine whose executables nothing else goes by accepts all of them.
  package func accepts(_ installation: NativeInstallation) -> Acceptance { .itself }

  /// Only SQL servers have databases.
  package func copies(_ administrator: ProbeTarget) -> (any DatabaseCopies)? { nil }

  /// An engine without accounts has no administrator to let in.
  package func socket(_ request: ServerRequest, _ folders: NativeFolders) -> String? { nil }

  /// Most are run where they lie.
  package func relocation(_ installation: NativeInstallation) -> Relocation? { nil }

  /// Most images are right.
  package func imageAmendments(_ version: ServerVersion) -> ImageAmendments? { nil }

  /// Most engines have no read replicas.
  package func replication(_ source: ServerVersion?, servedBy product: String) -> (any Replication)? { nil }

  /// Every version speaks a TLS of today.
  package func provesItself(_ version: ServerVersion) -> Bool { true }

  /// What provisioning does, where everything that it does reaches replicas.
  package func changePassword(
    _ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline
  ) async throws {
    try await provision(administrator, request, until: deadline)
  }

  /// Most servers are given everything by files that they read before they listen.
  package var nativeGap: ProvisioningGap { .none }

  /// Nothing to do where nothing is lacking.
  package func setPasswords(
    _ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline
  ) async throws {}

  /// Nothing to do for an engine without accounts.
  package func provision(
    _ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline
  ) async throws {}

  /// Most have no settings that could do that.
  package func resetSettings(_ administrator: ProbeTarget, until deadline: Deadline) async throws {}

  /// The privileges that provisioning gives are all that there is.
  package var confinement: Int { 0 }

  /// There is nothing to take.
  package func confine(
    _ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline
  ) async throws -> String? { nil }
}

/// What new data lacks for the app to log in, when its server runs for the first time.
package enum ProvisioningGap: Sendable, Hashable {
  /// Nothing.
  case none
  /// The passwords of its accounts, see `ServerEngine.setPasswords`.
  case passwords
  /// The app's account and database, see `ServerEngine.provision`.
  case accounts
}

/// What an export is, in the words of the help.
package enum ExportFormat: String, Sendable, CaseIterable {
  case statements = "SQL"
  case commands = "the server's own commands"
  case archive = "a tar"

  /// Whether a terminal can show it.
  package var isText: Bool { self == .statements }
}

/// Whether an installed server serves an engine's resources.
package enum Acceptance: Sendable, Hashable {
  /// It is the engine.
  case itself
  /// It is another engine that speaks the same protocol, named here.
  case standIn(String)
  /// It is something else.
  case no
}

/// The accounts of an engine that has accounts. A native server has the app's before it first listens; in a
/// container it is made through the administrator's once the server answers.
package struct EngineAccounts: Sendable, Hashable {
  /// drydock's own administrator in a native server.
  package var nativeAdministrator: String
  /// drydock's own administrator in a container, as the image's contract allows.
  package var containerAdministrator: String
  /// A database that always exists, for the administrator to log in to.
  package var maintenanceDatabase: String

  /// The app's user and database on AWS, for every engine that has accounts.
  package static let app = "app"
}
