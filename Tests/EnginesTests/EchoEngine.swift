import ConvoxEnvironment
import ConvoxManifest
import Engines
import HealthProbes

/// An engine that drydock does not have, as somebody would add one: a file like this, and a line in the catalog. Its server
/// is memcached's, so that there is one to start.
struct EchoEngine: ServerEngine {
  let resourceType = ResourceType(
    name: "echo",
    options: [
      OptionRule("version", .version, default: "2.0", "Version"),
      OptionRule("threads", .integer(1...9), default: "1", "How many answer at the same time"),
    ])
  let variableShape = VariableShape.hostPort
  let standardPort = 11211
  let versions = VersionTable(
    repository: "echo", imageVariable: "MEMCACHED_VERSION", default: "2.0", seriesLength: 1)
  let nativeSearch = NativeSearch(servers: ["memcached"], apt: "memcached", brew: "memcached")
  let nativeUsers = ["memcache", "memcached"]
  let accounts: EngineAccounts? = nil
  let keepsData = false
  let stopSteps = [StopStage(.terminate, .seconds(1))]

  func container(_ request: ServerRequest) -> ContainerRecipe {
    ContainerRecipe(command: ["memcached"] + arguments(request))
  }

  func native(
    _ request: ServerRequest, _ installation: NativeInstallation, _ folders: NativeFolders
  ) -> NativeRecipe {
    NativeRecipe(
      serve: NativeCommand(
        installation.server, ["--listen=127.0.0.1", "--port=\(request.port)"] + arguments(request)))
  }

  private func arguments(_ request: ServerRequest) -> [String] {
    request.options["threads"].map { ["--threads=\($0)"] } ?? []
  }

  func console(_ place: ClientPlace) -> ConsoleMethod { .lines }
  func transfer(_ place: ClientPlace) -> TransferMethod? { nil }
  func probe(_ target: ProbeTarget) -> any HealthProbe { MemcachedProbe(target: target) }
  func identity(_ request: ServerRequest, nativeProcessID: Int?) -> ExpectedIdentity {
    ExpectedIdentity(processID: nativeProcessID)
  }
  func canServe(data: ServerVersion, with server: ServerVersion) -> Bool { true }
}
