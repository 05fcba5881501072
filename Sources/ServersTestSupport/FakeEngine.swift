package import ConvoxEnvironment
package import ConvoxManifest
package import Engines
package import HealthProbes
package import MonotonicTime

/// An engine whose server answers as a test says. It goes by the name of one that exists, so that what looks
/// engines up by their types finds something.
package struct FakeEngine: ServerEngine {
  package typealias Answer = @Sendable (ProbeTarget) async throws -> ServerReport

  package let resourceType: ResourceType
  package let variableShape = VariableShape.hostPort
  package let standardPort = 7
  package let versions = VersionTable(
    repository: "fake", imageVariable: "FAKE_VERSION", default: "1.0", seriesLength: 1,
    withoutARM64: ["0.9"])
  package var nativeSearch = NativeSearch(servers: ["fake"], apt: "fake", brew: "fake")
  package let nativeUsers = ["nobody"]
  package let accounts: EngineAccounts?
  /// What `baked` gives.
  package var recipe: BakedRecipe?
  package let stopSteps = [StopStage(.terminate, .seconds(1)), StopStage(.kill, .seconds(1))]
  private let answer: Answer
  private let provisioning: @Sendable () async throws -> Void

  package init(
    _ name: String = "memcached", accounts: EngineAccounts? = nil,
    answer: @escaping Answer = { _ in ServerReport(flavour: .memcached, version: "1.0.1") },
    provisioning: @escaping @Sendable () async throws -> Void = {}
  ) {
    self.resourceType = ResourceType(name: name, options: [])
    self.accounts = accounts
    self.provisioning = provisioning
    self.answer = answer
  }

  package func container(_ request: ServerRequest) -> ContainerRecipe {
    ContainerRecipe(
      command: ["fake", "--marker=\(request.marker)"], environment: ["A": "b"],
      files: [RecipeFile("/drydock/secret", request.administratorPassword, mode: 0o444)], dataPath: "/data")
  }

  package func baked(_ request: ServerRequest) -> BakedRecipe? { recipe }

  package func native(
    _ request: ServerRequest, _ installation: NativeInstallation, _ folders: NativeFolders
  ) -> NativeRecipe { NativeRecipe(serve: NativeCommand(installation.server, [])) }

  package func probe(_ target: ProbeTarget) -> any HealthProbe { FakeProbe(target: target, answer: answer) }

  package func identity(_ request: ServerRequest, nativeProcessID: Int?) -> ExpectedIdentity {
    ExpectedIdentity()
  }

  package func provision(
    _ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline
  ) async throws { try await provisioning() }

  package func console(_ place: ClientPlace) -> ConsoleMethod { .lines }

  package func transfer(_ place: ClientPlace) -> TransferMethod? { nil }

  package func canServe(data: ServerVersion, with server: ServerVersion) -> Bool {
    data.major == server.major
  }
}

private struct FakeProbe: HealthProbe {
  let name = "fake"
  let target: ProbeTarget
  let answer: FakeEngine.Answer

  package func attempt(until deadline: Deadline) async throws -> ServerReport { try await answer(target) }
}
