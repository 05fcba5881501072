import ConvoxEnvironment
import ConvoxManifest
import Engines
import HealthProbes

/// An engine that drydock does not have, as somebody would add one: a file like this, and a line in the catalog.
struct EchoEngine: ServerEngine {
  let resourceType = ResourceType(
    name: "echo",
    options: [
      OptionRule("version", .version, default: "2.0", "Version"),
      OptionRule("loudness", .integer(1...9), default: "1", "How loud it answers"),
    ])
  let variableShape = VariableShape.hostPort
  let standardPort = 7
  let versions = VersionTable(
    repository: "echo", imageVariable: "ECHO_VERSION", default: "2.0", seriesLength: 1)
  let nativeSearch = NativeSearch(servers: ["echod"], apt: "echod", brew: "echod")
  let nativeUsers = ["nobody"]
  let accounts: EngineAccounts? = nil
  let keepsData = false
  let stopSteps = [StopStage(.terminate, .seconds(1))]

  func container(_ request: ServerRequest) -> ContainerRecipe {
    ContainerRecipe(command: ["echod"] + arguments(request))
  }

  func native(
    _ request: ServerRequest, _ installation: NativeInstallation, _ folders: NativeFolders
  ) -> NativeRecipe {
    NativeRecipe(
      serve: NativeCommand(installation.server, ["--port=\(request.port)"] + arguments(request)))
  }

  private func arguments(_ request: ServerRequest) -> [String] {
    request.options["loudness"].map { ["--loudness=\($0)"] } ?? []
  }

  func console(_ place: ClientPlace) -> ConsoleMethod { .lines }
  func transfer(_ place: ClientPlace) -> TransferMethod? { nil }
  func probe(_ target: ProbeTarget) -> any HealthProbe { MemcachedProbe(target: target) }
  func identity(_ request: ServerRequest, nativeProcessID: Int?) -> ExpectedIdentity { ExpectedIdentity() }
  func canServe(data: ServerVersion, with server: ServerVersion) -> Bool { true }
}
