package import AppState
import ConvoxManifest
import DrydockBase
package import Engines
package import HealthProbes
package import MonotonicTime
package import Planning

/// Where servers run. Two of them exist: containers of a Docker engine, and processes of this machine.
///
/// A runtime knows no plan and no order; it does one thing with one resource and says what it sees.
package protocol Runtime: Sendable {
  /// Which one it is.
  var kind: RuntimeKind { get }

  /// Refuses a runtime whose servers nobody reaches from where drydock runs.
  /// - Throws: `DrydockError.unavailable` with the reason.
  func refuseOutOfReach() async throws
  /// What exists of these resources.
  func observe(_ resources: [String]) async throws -> [String: Observation]
  /// Why running servers have to start again to run in the image that is named for them, by resource.
  func changedImages(_ specs: [ResourceSpec]) async throws -> [String: String]
  /// Finds what will run a resource, without changing anything.
  /// - Throws: `DrydockError.unavailable` saying what to install.
  func resolve(_ spec: ResourceSpec, data: ServerVersion?, strict: Bool) async throws -> ServerSource
  /// Fetches what a source names and is not on this machine yet, and finds out what it holds where that is not known, before
  /// anything that runs is touched. How long it takes is anybody's guess, so that it has no deadline.
  /// - Throws: `DrydockError`, `.dataMismatch` where what was fetched cannot serve the data.
  func fetch(
    _ source: ServerSource, for spec: ResourceSpec, data: ServerVersion?, strict: Bool,
    progress: @escaping ProgressSink
  ) async throws -> ServerSource
  /// Makes what the instance as a whole needs, before the first of its servers starts.
  func prepareInstance() async throws
  /// Starts the server, making its data first where there is none.
  /// - Throws: `PortTakenError` when something else listens on the port.
  func start(_ launch: Launch, progress: @escaping ProgressSink, until deadline: Deadline) async throws
  /// Where the instance's other servers reach this one.
  func peerAddress(of launch: Launch) -> (host: String, port: Int)
  /// Runs a script that loads a replica's copy, beside the running server.
  func run(_ script: ReplicaScript, for launch: Launch, until deadline: Deadline) async throws
  /// What an engine's replication gives its scripts to work with.
  func place(of launch: Launch) -> ReplicaPlace
  /// Whether the server still runs, with its last words if not.
  func liveness(_ resource: String) async throws -> Liveness
  /// Where probes and administrators reach the server.
  func target(_ launch: Launch, administrator: Bool) -> ProbeTarget
  /// Proves that it is this server that listens at its port, before a program that cannot ask sends a secret there.
  /// - Throws: `ProbeFailure` where it is not, or cannot be told.
  func requireListener(_ launch: Launch) throws
  /// What new data lacks when its server listens for the first time. Where that is the accounts, another run of the server
  /// may come before the one that stays.
  func provisioningGap(of launch: Launch) async throws -> ProvisioningGap
  /// Who has to answer for the server to be ours.
  func identity(_ launch: Launch) async throws -> ExpectedIdentity
  /// Stops the server in order; one that does not run is fine.
  func stop(_ resource: String, steps: [StopStage]) async throws
  /// Lets a server go on that somebody paused; one that was not is fine.
  func goOn(_ resource: String) async throws
  /// What has to be done before new data counts: it has to lie where it outlives the server's container, else what was made is
  /// removed; and what only its first start was to read goes.
  /// - Throws: `DrydockError` with `.dataMismatch` where data would not stay.
  func settle(_ launch: Launch) async throws
  /// Stops the server and starts it again as it was. The launch is one of a server that runs, as the state knows it.
  func restart(_ launch: Launch, until deadline: Deadline) async throws
  /// Removes the server and its data; it has to be stopped.
  func deleteData(_ resource: String) async throws
  /// Removes what belongs to the instance as a whole, once no resource is left.
  func deleteInstance() async throws
  /// The last lines of a server's log.
  func log(_ resource: String, lines: Int) async throws -> [String]
  /// What to do where there is no room for a server's data.
  /// - Parameter holdsData: Whether it has data already, which stays where it is.
  func spaceRemedy(of resource: String, holdsData: Bool) async -> String
  /// Whether the disk of a server's data is full now, where that can be looked at. An engine may end by that without a word of
  /// it in its log.
  func isDiskFull(of resource: String) -> Bool
  /// Follows a server's log until cancelled.
  func follow(_ resource: String, lines: Int, each: @escaping @Sendable (String) async -> Void) async throws
}

extension Runtime {
  /// An installation is no image.
  package func changedImages(_ specs: [ResourceSpec]) async throws -> [String: String] { [:] }

  /// What is installed is there, and has said its version.
  package func fetch(
    _ source: ServerSource, for spec: ResourceSpec, data: ServerVersion?, strict: Bool,
    progress: @escaping ProgressSink
  ) async throws -> ServerSource { source }

  /// A process of this machine keeps its data in a folder, and reads there what it has to at each start.
  package func settle(_ launch: Launch) async throws {}

  /// What a process of this machine is told by its files, each engine knows.
  package func provisioningGap(of launch: Launch) async throws -> ProvisioningGap {
    launch.engine.nativeGap
  }

  /// The data of a process of this machine is in drydock's home.
  package func spaceRemedy(of resource: String, holdsData: Bool) async -> String { WriteRemedy.elsewhere }

  /// Where a Docker engine keeps its data may be out of sight.
  package func isDiskFull(of resource: String) -> Bool { false }

  /// A process of this machine listens where drydock looks for it.
  package func refuseOutOfReach() async throws {}

  /// A halted process of this machine is the business of whoever halted it.
  package func goOn(_ resource: String) async throws {}

  /// In a container a program meets nobody else: it runs beside the server, or in its network.
  package func requireListener(_ launch: Launch) throws {}
}

/// Takes word of what a resource is at, for a person to read.
package typealias ProgressSink = @Sendable (_ phase: String) -> Void

/// Everything needed to start one server.
package struct Launch: Sendable {
  /// The resource.
  package var spec: ResourceSpec
  package var engine: any ServerEngine
  /// The inputs of its recipe.
  package var request: ServerRequest
  /// What runs it.
  package var source: ServerSource
  /// Whether data exists that once served a client; data without that is made anew.
  package var hasVerifiedData: Bool

  /// Joins what was planned, what will run it and what is there; nothing is started.
  package init(
    spec: ResourceSpec,
    engine: any ServerEngine,
    request: ServerRequest,
    source: ServerSource,
    hasVerifiedData: Bool
  ) {
    self.spec = spec
    self.engine = engine
    self.request = request
    self.source = source
    self.hasVerifiedData = hasVerifiedData
  }

  /// What the engine does for replicas, in the words of the server that runs.
  package var replication: (any Replication)? {
    engine.replication(source.version, servedBy: source.standIn ?? engine.product)
  }
}
