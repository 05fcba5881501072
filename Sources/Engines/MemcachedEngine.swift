import ConvoxEnvironment
import ConvoxManifest
import HealthProbes

/// memcached, which keeps nothing.
struct MemcachedEngine: ServerEngine {
  let resourceType = ResourceType(
    name: "memcached", v3Names: ["elasticache-memcached"],
    options: OptionRule.cache(version: "1.4", documentedVersion: "1.4.34", "Memcached"),
    appendsMinorVersion: true,
    deployNotes: [.noSuchVersion("Memcached", except: .init(from: [1, 4], before: [3]))])
  let variableShape = VariableShape.hostPort
  let standardPort = 11211
  let versions = VersionTable(
    repository: "memcached", imageVariable: "MEMCACHED_VERSION", default: "1.4", seriesLength: 2,
    substitutes: [
      .init(
        "1.4", tag: "1.5",
        because: "memcached 1.4 images are in a format that Docker no longer pulls; 1.5 is nearest")
    ])

  let nativeSearch = NativeSearch(
    servers: ["memcached"],
    folders: ["/usr/sbin", "/opt/homebrew/opt/memcached/bin", "/usr/local/opt/memcached/bin"],
    apt: "memcached", brew: "memcached")

  let nativeUsers = ["memcache", "memcached"]
  let accounts: EngineAccounts? = nil
  let keepsData = false
  let stopSteps = [StopStage(.terminate, .seconds(5)), StopStage(.kill, .seconds(5))]

  /// memcached.
  init() {}

  func container(_ request: ServerRequest) -> ContainerRecipe {
    ContainerRecipe(command: ["memcached", "-m", "64"])
  }

  func native(
    _ request: ServerRequest, _ installation: NativeInstallation, _ folders: NativeFolders
  ) -> NativeRecipe {
    NativeRecipe(
      serve: NativeCommand(
        installation.server, ["-l", "127.0.0.1", "-p", "\(request.port)", "-U", "0", "-m", "64"]))
  }

  /// It has no client of its own.
  func console(_ place: ClientPlace) -> ConsoleMethod { .lines }

  let exportFormat: ExportFormat? = nil

  /// It cannot list what it holds.
  func transfer(_ place: ClientPlace) -> TransferMethod? { nil }

  func probe(_ target: ProbeTarget) -> any HealthProbe { MemcachedProbe(target: target) }

  /// A container's memcached says process 1 like every other's; there the port binding is what proves it.
  func identity(_ request: ServerRequest, nativeProcessID: Int?) -> ExpectedIdentity {
    ExpectedIdentity(processID: nativeProcessID)
  }

  func canServe(data: ServerVersion, with server: ServerVersion) -> Bool { true }
}
