import AppStateTestSupport
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import Engines
import Testing

@testable import AppState
@testable import Planning
@testable import Resources
@testable import Servers

/// An engine is added by one file and one line: what carries a resource from the manifest to its variables takes it up
/// from the catalog.
@Suite struct AddedEngineTests {
  private static let catalog = ResourceCatalog(ResourceCatalog.builtIn.definitions + [EchoEngine()])

  private static let yaml = """
    resources:
      shouts: { type: echo, options: { loudness: 7 } }
    services:
      web: { build: ., resources: [shouts] }
    """

  private func manifest(_ text: String = yaml, in catalog: ResourceCatalog = catalog) throws -> Manifest {
    try ManifestLoader(catalog: catalog).load(Array(text.utf8), file: "convox.yml", appEnvironment: [:])
  }

  private func spec() throws -> ResourceSpec {
    try #require(
      try ResourceSpec.specs(of: manifest(), in: Self.catalog, appEnvironment: [:]).first {
        $0.type == "echo"
      })
  }

  @Test func theManifestKnowsItAndItsOptions() throws {
    #expect(throws: ManifestError.self) { try manifest(in: .builtIn) }
    let loud = try manifest(Self.yaml.replacing("loudness: 7", with: "loudness: 11"))
    #expect(loud.deployErrors.map(\.message) == ["loudness takes a whole number from 1 to 9, not `11`"])
    #expect(try spec().options == ["version": "2.0", "loudness": "7"])
  }

  @Test func itIsPlannedAndSettledLikeAnyOther() throws {
    var state = AppStateTestSupport.state()
    let plan = try Planner.plan(
      [spec()], selected: nil, state: state, observed: [:], runtime: (.native, "test"), changes: [:])
    #expect(plan.items.map(\.action) == [.create])
    state.resources["shouts"] = ResourceRecord(
      type: "echo", administratorPassword: "", wantedVersion: "2.0", options: ["loudness": "3"])
    #expect(state.resources["shouts"]?.isDeployed(in: Self.catalog) == false)
    state.resources["shouts"]?.dataVersion = "2.0"
    let settled = SettledSpecs([try spec()], over: state, in: Self.catalog)
    #expect(settled.settlements["shouts"]?.changes.map(\.description) == ["loudness 3 → 7"])
  }

  @Test func itIsRunInBothRuntimes() throws {
    let engine = try #require(try spec().engine.server)
    let request = ServerRequest(
      marker: "m", port: 15007, password: "", administratorPassword: "", options: try spec().options)
    let installation = NativeInstallation(
      server: "/usr/sbin/echod", tools: [:], version: try #require(ServerVersion(in: "2.1")),
      banner: "echod 2.1")
    let source = try NativeResolver(installations: [installation]).choose(
      spec(), engine, data: nil, strict: false)
    #expect(source.version?.description == "2.1")
    let folders = NativeFolders(folder: "/f", data: "/f/data", sockets: "/s")
    #expect(
      engine.native(request, installation, folders).serve
        == NativeCommand("/usr/sbin/echod", ["--port=15007", "--loudness=7"]))
    #expect(engine.container(request).command == ["echod", "--loudness=7"])
  }

  @Test func servicesGetItsVariables() async throws {
    try await TestHome.with { test in
      var state = AppStateTestSupport.state(path: "\(test.path)/web")
      var record = ResourceRecord(
        type: "echo", administratorPassword: "", wantedVersion: "2.0", options: try spec().options)
      record.port = 15007
      state.resources["shouts"] = record
      var context = test.context
      context.catalog = Self.catalog
      let files = EnvironmentFiles(
        folder: try test.app("web"), context: context, state: state, manifest: try manifest(),
        specs: [try spec()], appEnvironment: [:], links: [])
      #expect(try files.write().isEmpty)
      let lines = try #require(test.text("web/.drydock/web.env")).split(separator: "\n")
      #expect(lines.contains("SHOUTS_URL=127.0.0.1:15007"))
    }
  }

  @Test func itCanBeCreatedOnItsOwnAndIsFoundAgain() async throws {
    let kind = try Self.catalog.kind("echo")
    #expect(kind.defaults == ["version": "2.0", "loudness": "1"])
    #expect(Self.catalog.kinds.map(\.name) == Self.catalog.types.map(\.name) + ["syslog"])
    try await TestHome.with { test in
      var context = test.context
      context.catalog = Self.catalog
      var state = AppStateTestSupport.state()
      state.created = CreatedResource(type: "echo", parameters: ["loudness": "9"])
      let target = ResourceLookup(context: context).created(state)
      #expect(target.engine is EchoEngine)
      #expect(target.options == ["version": "2.0", "loudness": "9"])
    }
  }
}
