import DrydockTestSupport
import Foundation
import Testing

/// `drydock start`, with services in containers.
@Suite("Services in containers") struct StartContainerTests {
  private static let manifest = """
    resources:
      cache: { type: redis, options: { version: "7.0" } }
    services:
      worker:
        image: drydock/base:bookworm
        command: 'while true; do echo "uses $CACHE_URL"; sleep 1; done'
        resources: [cache]
        volumes: [/data]
      built:
        build: { path: built }
        command: cat /made/word; sleep 600
    """

  private func containers(_ app: AppFixture) async throws -> Int {
    let instance = try app.onlyInstance()
    let result = try await app.program(
      "docker", "ps", "-aq", "--filter", "label=dev.drydock.instance=\(instance)", "--filter",
      "label=dev.drydock.service")
    try #require(result.status == 0, "\(result)")
    return result.stdout.split(separator: "\n").count
  }

  @Test(
    "an image and a build run with the network's addresses; Ctrl-C and kill -9 leave no container",
    arguments: await EngineAvailability.runtimes().filter { $0 == "docker" })
  func containers(_ runtime: String) async throws {
    try await withApp(Self.manifest, AppOptions(runtime: runtime)) { app in
      try FileManager.default.createDirectory(
        at: app.folder.appending(path: "built"), withIntermediateDirectories: true)
      try app.write("FROM drydock/base:bookworm\nCOPY word /made/word\n", to: "built/Dockerfile")
      try app.write("written into the image\n", to: "built/word")
      for signal in [SIGINT, SIGKILL] {
        let start = try app.start(["start"])
        try await eventually("both write", within: .seconds(180)) {
          let text = start.stdout
          return text.contains("@cache:6379") || text.contains("redis://cache:6379")
            ? text.contains("written into the image") : false
        }
        #expect(try await containers(app) == 2)
        start.send(signal)
        let result = try await start.result()
        #expect(result.status == (signal == SIGINT ? 130 : 128 + SIGKILL), "\(result)")
        try await eventually("no container of a service is left") { try await containers(app) == 0 }
      }
      #expect(try await app.drydock("logs", "built").stdout.contains("written into the image"))
      try await successor(app)
    }
  }

  @Test(
    "changed files go into the container, one that is made anew has the tree, and a named lock file builds again",
    arguments: await EngineAvailability.runtimes().filter { $0 == "docker" })
  func live(_ runtime: String) async throws {
    let manifest = """
      services:
        web: { command: 'while true; do echo "word is $(cat /app/word) $(ls /app/src | tr "\\n" .)"; sleep 1; done' }
      """
    let dockerfile = "FROM drydock/base:bookworm\nCOPY lock /lock\nRUN cp /lock /made\nCOPY . /app\n"
    // A resource is what decides for Docker.
    let resource = "resources:\n  cache: { type: redis, options: { version: \"7.0\" } }\n"
    try await withApp(resource + manifest, AppOptions(runtime: runtime)) { app in
      for (path, text) in ["Dockerfile": dockerfile, "word": "one", "lock": "1", "src/a": "x", "src/b": "x"] {
        try FileManager.default.createDirectory(
          at: app.folder.appending(path: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try app.write(text, to: path)
      }
      let start = try app.start(["start"])
      try await eventually("the image's files", within: .seconds(180)) {
        start.stdout.contains("word is one a.b.")
      }
      try app.write("two", to: "word")
      try FileManager.default.removeItem(at: app.folder.appending(path: "src/a"))
      try await eventually("the changes") { start.stdout.contains("word is two b.") }
      let before = try await app.drydock("ps", "--services", "--format", "json").stdout
      let container = try #require(try ids(before).first)
      let secrets = try await app.program("docker", "exec", container, "ls", "-a", "/app")
      #expect(secrets.status == 0 && !secrets.stdout.contains(".drydock"), "\(secrets)")
      #expect(try await app.program("docker", "kill", container).status == 0)
      try await eventually("another container", within: .seconds(120)) {
        start.stdout.components(separatedBy: "web.1 ready").count > 2
      }
      let now = try #require(
        try ids(try await app.drydock("ps", "--services", "--format", "json").stdout).first)
      #expect(try await app.program("docker", "exec", now, "cat", "/app/word").stdout == "two")
      try app.write("2", to: "lock")
      try await eventually("another image", within: .seconds(120)) {
        start.stdout.components(separatedBy: "web.1 ready").count > 3
      }
      #expect(start.stdout.contains("Dockerfile:2: lock is copied here, and line 3 makes something of it"))
      start.send(SIGINT)
      #expect(try await start.result().status == 130)
    }
  }

  /// A supervisor in the background that is killed has one that takes over its containers.
  private func successor(_ app: AppFixture) async throws {
    try #require(try await app.drydock("start", "--detach").status == 0)
    let before = try await app.drydock("ps", "--services", "--format", "json").stdout
    let supervisor = try #require(app.processes(naming: "--supervise").first)
    kill(supervisor, SIGKILL)
    try await eventually("its successor has them all") {
      guard app.processes(naming: "--supervise").contains(where: { $0 != supervisor }) else { return false }
      return try await ids(app.drydock("ps", "--services", "--format", "json").stdout) == ids(before)
    }
    #expect(try await containers(app) == 2)
    #expect(try await app.drydock("stop").status == 0)
    #expect(try await containers(app) == 0)
  }

  private func ids(_ listing: String) throws -> [String] {
    struct Service: Decodable {
      struct Replica: Decodable { var id: String? }
      var replicas: [Replica]
    }
    return try JSONDecoder().decode([Service].self, from: Data(listing.utf8))
      .flatMap(\.replicas).compactMap(\.id)
  }
}
