import AppStateTestSupport
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import DrydockTestSupport
import Emulator
import Engines
import Foundation
import MonotonicTime
import Testing

@testable import AppState
@testable import Planning
@testable import Resources
@testable import Servers

/// An engine is added by one file and one line: what carries a resource from the manifest to a server that runs, and to its
/// variables, takes it up from the catalog.
@Suite(.timeLimit(.minutes(15))) struct AddedEngineTests {
  private static let catalog = ResourceCatalog(ResourceCatalog.builtIn.definitions + [EchoEngine()])

  private static let yaml = """
    resources:
      shouts: { type: echo, options: { threads: 7 } }
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
    let wrong = try manifest(Self.yaml.replacing("threads: 7", with: "threads: 11"))
    #expect(wrong.deployErrors.map(\.message) == ["threads takes a whole number from 1 to 9, not `11`"])
    #expect(try spec().options == ["version": "2.0", "threads": "7"])
  }

  @Test func itIsPlannedAndSettledLikeAnyOther() throws {
    var state = AppStateTestSupport.state()
    let plan = try Planner.plan(
      [spec()], selected: nil, state: state, observed: [:], runtime: (.native, "test"), changes: [:])
    #expect(plan.items.map(\.action) == [.create])
    state.resources["shouts"] = ResourceRecord(
      type: "echo", administratorPassword: "", wantedVersion: "2.0", options: ["threads": "3"])
    #expect(state.resources["shouts"]?.isDeployed(in: Self.catalog) == false)
    state.resources["shouts"]?.dataVersion = "2.0"
    let settled = SettledSpecs([try spec()], over: state, in: Self.catalog)
    #expect(settled.settlements["shouts"]?.changes.map(\.description) == ["threads 3 → 7"])
  }

  @Test func itIsRunInBothRuntimes() throws {
    let engine = try #require(try spec().engine.server)
    let request = ServerRequest(
      marker: "m", port: 15007, password: "", administratorPassword: "", options: try spec().options)
    let installation = NativeInstallation(
      server: "/usr/bin/memcached", tools: [:], version: try #require(ServerVersion(in: "2.1")),
      banner: "memcached 2.1")
    let source = try NativeResolver(installations: [installation]).choose(
      spec(), engine, data: nil, strict: false)
    #expect(source.version?.description == "2.1")
    let folders = NativeFolders(folder: "/f", data: "/f/data", sockets: "/s")
    #expect(
      engine.native(request, installation, folders).serve
        == NativeCommand("/usr/bin/memcached", ["--listen=127.0.0.1", "--port=15007", "--threads=7"]))
    #expect(engine.container(request).command == ["memcached", "--threads=7"])
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
    #expect(kind.defaults == ["version": "2.0", "threads": "1"])
    #expect(Self.catalog.kinds.map(\.name) == Self.catalog.types.map(\.name) + ["syslog"])
    try await TestHome.with { test in
      var context = test.context
      context.catalog = Self.catalog
      var state = AppStateTestSupport.state()
      state.created = CreatedResource(type: "echo", parameters: ["threads": "9"])
      let target = ResourceLookup(context: context).created(state)
      #expect(target.engine is EchoEngine)
      #expect(target.options == ["version": "2.0", "threads": "9"])
    }
  }

  private static let image = "memcached:1.6"

  /// Where it can be started here.
  private static var runtimes: [RuntimeKind] {
    get async {
      let hasImage = await EngineAvailability.hasImages([image])
      let places = [(RuntimeKind.native, InstalledEngines.memcached != nil), (.docker, hasImage)]
      return places.filter { $0.1 || EngineAvailability.isCI }.map(\.0)
    }
  }

  @Test("It comes up, is proved, and is gone with its data", arguments: await runtimes)
  func itComesUp(_ runtime: RuntimeKind) async throws {
    try await TestHome.with { test in
      try test.write(Self.yaml, to: "web/convox.yml")
      let context = DrydockContext(
        environment: ProcessInfo.processInfo.environment.merging([
          "DRYDOCK_KEEPER": try BuiltProducts.executable("drydock-keeper"),
          "DRYDOCK_IMAGE_ECHO": "drydock/\(Self.image)",
        ]) { $1 }, currentDirectory: "\(test.path)/web", home: test.home, catalog: Self.catalog)
      let up = UpOperation(
        context: context, workspace: try Workspace.find(manifest: nil, from: context.currentDirectory),
        app: nil, extraEnvironment: [:], choice: runtime == .docker ? .docker : .native,
        options: UpOptions(deadline: .after(.seconds(60))),
        events: UpOperation.UpEvents(phase: { _, _ in }, notice: { _ in }, planned: { _ in }))
      do {
        let result = try await up.run()
        #expect(result.outcomes.map(\.status) == [.running])
        let states = try await StatusOperation(context: context).run(result.state)
        #expect(states.map(\.status) == [.running] && states.map(\.type) == ["echo"])
        #expect(states.first?.runtime == runtime && (states.first?.container != nil) == (runtime == .docker))
        let url = try #require(result.outcomes.first?.url)
        #expect(test.text("web/.drydock/web.env")?.contains("SHOUTS_URL=\(url)\n") == true)
      } catch {
        try await takeDown(context)
        throw error
      }
      try await takeDown(context)
    }
  }

  private func takeDown(_ context: DrydockContext) async throws {
    for instance in context.store.all() {
      _ = try await DownOperation(
        context: context, instance: instance, selected: nil, deletesData: true, notice: { _ in }
      ).run(until: .after(.seconds(60)))
    }
  }
}
