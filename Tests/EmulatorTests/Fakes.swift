import ConvoxEnvironment
import ConvoxManifest
import Engines
import HealthProbes
import MonotonicTime
import Synchronization

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Planning
@testable import Servers

/// A runtime that does what a test says, and remembers what it was asked.
final class FakeRuntime: Runtime {
  let kind: RuntimeKind
  private let resolution: @Sendable (ResourceSpec) throws -> ServerSource
  private let fetching: @Sendable (ServerSource) async throws -> ServerSource
  private let starting: @Sendable (Launch) async throws -> Void
  private let alive: [Liveness]
  private let lastWords: String?
  private let requests = Mutex<[String]>([])

  /// - Parameter alive: Whether servers live: before the first start, after it, and so on.
  init(
    _ kind: RuntimeKind = .native,
    alive: [Liveness] = [.alive], lastWords: String? = nil,
    starting: @escaping @Sendable (Launch) async throws -> Void = { _ in },
    resolution: @escaping @Sendable (ResourceSpec) throws -> ServerSource = { _ in .installed("15.18") },
    fetching: @escaping @Sendable (ServerSource) async throws -> ServerSource = { $0 }
  ) {
    self.kind = kind
    self.alive = alive
    self.lastWords = lastWords
    self.resolution = resolution
    self.fetching = fetching
    self.starting = starting
  }

  /// What was asked for so far, as `verb resource`.
  var calls: [String] { requests.withLock { $0 } }

  private func note(_ call: String) { requests.withLock { $0.append(call) } }

  func observe(_ resources: [String]) async throws -> [String: Observation] { [:] }

  func resolve(_ spec: ResourceSpec, data: ServerVersion?, strict: Bool) async throws -> ServerSource {
    note("resolve \(spec.name)" + (strict ? " strictly" : ""))
    let source = try resolution(spec)
    if strict, let drift = source.drift { throw DrydockError(.unavailable, drift) }
    return source
  }

  func fetch(
    _ source: ServerSource, for spec: ResourceSpec, data: ServerVersion?, strict: Bool,
    progress: @escaping ProgressSink
  ) async throws -> ServerSource {
    if !source.isLocal { note("fetch \(spec.name)") }
    return try await fetching(source)
  }

  func prepareInstance() async throws { note("prepare") }

  func start(_ launch: Launch, progress: @escaping ProgressSink, until deadline: Deadline) async throws {
    note("start \(launch.spec.name)")
    try await starting(launch)
  }

  func peerAddress(of launch: Launch) -> (host: String, port: Int) { ("127.0.0.1", launch.request.port) }

  func place(of launch: Launch) -> ReplicaPlace { .container(files: "/drydock") }

  func run(_ script: ReplicaScript, for launch: Launch, until deadline: Deadline) async throws {
    note("run a script for \(launch.spec.name)")
  }

  func liveness(_ resource: String) async throws -> Liveness {
    alive[min(calls.count { $0 == "start \(resource)" }, alive.count - 1)]
  }

  func target(_ launch: Launch, administrator: Bool) -> ProbeTarget {
    ProbeTarget(port: launch.request.port, user: administrator ? "administrator" : "app")
  }

  func isProvisioned(_ launch: Launch) async throws -> Bool {
    kind == .native || launch.engine.accounts == nil
  }

  func identity(_ launch: Launch) async throws -> ExpectedIdentity {
    launch.engine.identity(launch.request, nativeProcessID: nil)
  }

  func stop(_ resource: String, steps: [StopStage]) async throws {
    // What is stopped because of a cancellation must not be cancelled itself.
    try Task.checkCancellation()
    note("stop \(resource)")
  }

  func restart(_ launch: Launch, until deadline: Deadline) async throws {
    note("restart \(launch.spec.name)")
  }

  func deleteData(_ resource: String) async throws { note("delete \(resource)") }
  func deleteInstance() async throws { note("delete instance") }
  func log(_ resource: String, lines: Int) async throws -> [String] {
    [lastWords ?? "\(resource)'s last words"]
  }
  func follow(
    _ resource: String, lines: Int, each: @escaping @Sendable (String) async -> Void
  ) async throws {}
}

extension ServerSource {
  /// An installed server of that version.
  static func installed(_ version: String, drift: String? = nil) -> ServerSource {
    let number = ServerVersion(in: version)
    let installation = number.map {
      NativeInstallation(server: "/usr/bin/server", tools: [:], version: $0, banner: version)
    }
    return installation.map { ServerSource(.installation($0), version: number, drift: drift) }
      ?? .pulled("impossible:\(version)")
  }

  /// An image that is there.
  static func local(_ image: String) -> ServerSource {
    ServerSource(.image(image, isLocal: true), version: ServerVersion(in: image))
  }

  /// An image that has to be fetched.
  static func pulled(_ image: String) -> ServerSource {
    ServerSource(.image(image, isLocal: false), version: ServerVersion(in: image))
  }
}

/// An engine whose server answers as a test says. It goes by the name of one that exists, so that what looks
/// engines up by their types finds something.
struct FakeEngine: ServerEngine {
  typealias Answer = @Sendable (ProbeTarget) async throws -> ServerReport

  let resourceType: ResourceType
  let variableShape = VariableShape.hostPort
  let standardPort = 7
  let versions = VersionTable(
    repository: "fake", imageVariable: "FAKE_VERSION", default: "1.0", seriesLength: 1,
    withoutARM64: ["0.9"])
  var nativeSearch = NativeSearch(servers: ["fake"], apt: "fake", brew: "fake")
  let nativeUsers = ["nobody"]
  let accounts: EngineAccounts?
  /// What `baked` gives.
  var recipe: BakedRecipe?
  let stopSteps = [StopStage(.terminate, .seconds(1)), StopStage(.kill, .seconds(1))]
  private let answer: Answer
  private let provisioning: @Sendable () async throws -> Void

  init(
    _ name: String = "memcached", accounts: EngineAccounts? = nil,
    answer: @escaping Answer = { _ in ServerReport(flavour: .memcached, version: "1.0.1") },
    provisioning: @escaping @Sendable () async throws -> Void = {}
  ) {
    self.resourceType = ResourceType(name: name, options: [])
    self.accounts = accounts
    self.provisioning = provisioning
    self.answer = answer
  }

  func container(_ request: ServerRequest) -> ContainerRecipe {
    ContainerRecipe(
      command: ["fake", "--marker=\(request.marker)"], environment: ["A": "b"],
      files: [RecipeFile("/drydock/secret", request.administratorPassword, mode: 0o444)], dataPath: "/data")
  }

  func baked(_ request: ServerRequest) -> BakedRecipe? { recipe }

  func native(
    _ request: ServerRequest, _ installation: NativeInstallation, _ folders: NativeFolders
  ) -> NativeRecipe { NativeRecipe(serve: NativeCommand(installation.server, [])) }

  func probe(_ target: ProbeTarget) -> any HealthProbe { FakeProbe(target: target, answer: answer) }

  func identity(_ request: ServerRequest, nativeProcessID: Int?) -> ExpectedIdentity { ExpectedIdentity() }

  func provision(
    _ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline
  ) async throws { try await provisioning() }

  func console(_ place: ClientPlace) -> ConsoleMethod { .lines }

  func transfer(_ place: ClientPlace) -> TransferMethod? { nil }

  func canServe(data: ServerVersion, with server: ServerVersion) -> Bool { data.major == server.major }
}

private struct FakeProbe: HealthProbe {
  let name = "fake"
  let target: ProbeTarget
  let answer: FakeEngine.Answer

  func attempt(until deadline: Deadline) async throws -> ServerReport { try await answer(target) }
}

/// A resource of a fake engine.
func fake(_ name: String, _ engine: FakeEngine = FakeEngine(), version: String = "1.0") -> ResourceSpec {
  ResourceSpec(name: name, engine: engine, version: version, options: [:])
}

/// A manifest by the real engines' rules.
func manifest(_ text: String, _ appEnvironment: [String: String] = [:]) throws -> Manifest {
  try ManifestLoader(catalog: .builtIn).load(
    Array(text.utf8), file: "convox.yml", appEnvironment: appEnvironment)
}

/// The resources of a manifest.
func specs(_ text: String, _ appEnvironment: [String: String] = [:]) throws -> [ResourceSpec] {
  try ResourceSpec.specs(of: manifest(text, appEnvironment), in: .builtIn, appEnvironment: appEnvironment)
}
