import DockerEngine
import DrydockTestSupport
import MonotonicTime
import Testing

/// Created resources in Docker, seen from the containers of the apps that they are linked to.
@Suite("Linked resources in Docker", .dockerEngine)
struct LinkedNetworkTests {
  @Test("The app's containers reach a linked resource by its name, until it is unlinked")
  func reached() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "docker")) { app in
      let network = try await Self.prepare(app)
      let variables = try await app.containerVariables()
      #expect(variables["MAIN_URL"] == "redis://main:6379/0")
      #expect(try await network.answers("main"))
      #expect(try await app.ps()["cache"]?.network == "drydock-\(network.id)")
      // A link that is there already stays as it is.
      try await app.resources("link", "main", "-a", "app")
      #expect(try await network.answers("main"))
      try await app.resources("unlink", "main", "-a", "app")
      #expect(try await app.containerVariables()["MAIN_URL"] == nil)
      #expect(try await network.answers("main") == false)
      // Linked while it is stopped.
      try await app.take("down", "--app", "main")
      try await app.resources("link", "main", "-a", "app")
      try await app.resources("start", "main")
      #expect(try await network.answers("main"))
    }
  }

  @Test("An app's end leaves a linked resource alone, and its next start finds it", arguments: [true, false])
  func appGone(runs: Bool) async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "docker")) { app in
      let network = try await Self.prepare(app)
      if !runs { try await app.take("down", "--app", "main") }
      try await app.take("down", "--delete-data", "--yes")
      #expect(try await network.exists() == false)
      try await app.resources("start", "main")
      #expect(try await app.take("resources", "console", "main", "--", "ping") == "PONG\n")
      try await app.up()
      #expect(try await network.answers("main"))
    }
  }

  @Test("Networks that were removed by hand are made again, with everything in them")
  func pruned() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "docker")) { app in
      let network = try await Self.prepare(app)
      let all = app.instances.map { "drydock-\($0)" }
      try await app.take("down", "--all")
      for name in all { try await network.client.removeNetwork(name, until: .after(.seconds(30))) }
      try await app.resources("start", "main")
      try await app.up()
      #expect(try await network.answers("main"))
      #expect(try await network.answers("cache"))
    }
  }

  @Test("A native resource is left out for containers, which is told", .nativeEngines)
  func native() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "docker")) { app in
      try await app.up()
      try await app.resources("create", "memcached", "-n", "main", "--runtime", "native")
      try await app.resources("link", "main", "-a", "app")
      let result = try await app.drydock("env", "web", "--for", "container", "--format", "json")
      #expect(result.stderr.contains("main is left out: it runs natively"), "\(result)")
      let variables: [String: String] = try result.decode()
      #expect(variables["MAIN_URL"] == nil && variables["CACHE_URL"] == "redis://cache:6379/0")
    }
  }

  /// An app that is up, and a resource that is linked to it.
  private static func prepare(_ app: AppFixture) async throws -> AppNetwork {
    try await app.up()
    let id = try app.onlyInstance()
    let cache = try #require(try await app.ps()["cache"]?.container)
    try await app.resources("create", "redis", "-n", "main", "version=7.0")
    try await app.resources("link", "main", "-a", "app")
    let client = try #require(await EngineAvailability.docker().client)
    let details = try #require(try await client.inspectContainer(cache, until: .after(.seconds(30))))
    return AppNetwork(id: id, image: details.image, client: client)
  }
}

/// The network of an app, as its containers see it.
private struct AppNetwork {
  let id: String
  /// An image with redis-cli.
  let image: String
  let client: DockerClient

  func exists() async throws -> Bool {
    try await client.inspectNetwork("drydock-\(id)", until: .after(.seconds(30))) != nil
  }

  /// Whether the redis of that name answers a container of the network.
  func answers(_ host: String) async throws -> Bool {
    var config = ContainerConfig(image: image, command: ["redis-cli", "-h", host, "ping"])
    config.entrypoint = []
    config.labels = ["dev.drydock.test": id]
    config.network = NetworkAttachment("drydock-\(id)")
    let name = "drydock-test-\(id)"
    let container = try await client.createContainer(name: name, config, until: .after(.seconds(30)))
    let status: Result<Int, any Error>
    do {
      try await client.startContainer(container, until: .after(.seconds(30)))
      // A name that is not known here is asked for outside too, where perhaps nobody answers.
      status = .success(try await client.waitForContainer(container, until: .after(.seconds(120))))
    } catch {
      status = .failure(error)
    }
    try await client.removeContainer(container, force: true, volumes: true, until: .after(.seconds(30)))
    return try status.get() == 0
  }
}

extension AppFixture {
  /// Runs a command that has to work, and gives what it printed.
  @discardableResult
  fileprivate func take(_ words: String...) async throws -> String { try await take(words) }

  /// Runs a resource command that has to work.
  fileprivate func resources(_ words: String...) async throws { try await take(["resources"] + words) }

  @discardableResult
  private func take(_ words: [String]) async throws -> String {
    let result = try await start(words).result()
    try #require(result.status == 0, "\(result)")
    return result.stdout
  }

  /// The variables of the service for containers.
  fileprivate func containerVariables() async throws -> [String: String] {
    let result = try await drydock("env", "web", "--for", "container", "--format", "json")
    try #require(result.status == 0, "\(result)")
    return try result.decode()
  }
}
