import DrydockTestSupport
import Foundation
import Testing

@testable import ImageBuilds

extension Trait where Self == ConditionTrait {
  /// Skips a test where there is no docker client to compare with.
  static var dockerClient: Self {
    .enabled("there is no docker command") {
      let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
      return path.split(separator: ":").contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/docker")
      }
    }
  }
}

/// What the docker client sends for a folder, which a stub engine records, is what drydock sends.
@Suite(.dockerClient) struct DockerClientComparisonTests {
  @Test("Trees and ignore files at random", arguments: 0..<6)
  func sendsTheSame(round: Int) async throws {
    try await StubDockerServer.run(
      StubDockerServer.engine(api: "1.41") { _ in .stream([Array("{\"stream\":\"ok\"}\n".utf8)]) }
    ) { server in
      for seed in (round * 8)..<(round * 8 + 8) { try await check(UInt64(seed), server) }
    }
  }

  @Test(
    "Ignore files that are known",
    arguments: [
      "*\n!app", "app\n!app/a.rb\n", "**/a.rb", "app/**\n!app/lib", "**/tmp\n!app/tmp/keep", "*\n!**/a.rb",
      "!app\napp/*", "/app/", "app/*/x\n!app/lib/x", ".git\n.*\n!.env", "Dockerfile\n.dockerignore",
      "*\n!*.rb\nb.rb",
      "a[a-z]p", "[^a]*", "??p", "a\\pp", "app/li**", "**b", "app/lib/../tmp", "# app\n #x\n", "app\n!app",
      "x y\n!x",
      "*.rb\n!app/*.rb", "app/[l-t]*", "é*\n日本", "..\n./app/./lib/", "app/\n!app/lib/x\napp/lib", "**/.*\n",
    ])
  func sendsTheSame(_ rules: String) async throws {
    try await StubDockerServer.run(
      StubDockerServer.engine(api: "1.41") { _ in .stream([Array("{\"stream\":\"ok\"}\n".utf8)]) }
    ) { server in
      try await compare(Self.paths, rules, server, "\(rules.debugDescription)")
    }
  }

  private static let paths = [
    "app/a.rb", "app/lib/x", "app/lib/y/a.rb", "app/tmp/keep", "app/tmp/z", "b.rb", "a.rb", ".git/HEAD",
    ".env", "x y",
    "x", "éa", "日本/é", "lib/app/q", "#x", "abp", "ap",
  ]

  private func check(_ seed: UInt64, _ server: StubDockerServer) async throws {
    var random = RandomText(seed: seed)
    let names = ["a", "b", "ab", "a.b", ".c", "d d", "é", "tmp", "A"]
    var paths: Set<String> = []
    for _ in 0..<30 {
      paths.insert(
        (0..<Int.random(in: 1...4, using: &random)).map { _ in random.pick(names) }.joined(separator: "/"))
    }
    // What is a folder for one cannot be a file for another.
    let files = paths.filter { path in !paths.contains { $0.hasPrefix(path + "/") } }
    let parts =
      names + ["*", "**", "?", "a*", "*b", "[a-b]", "[^a]", "**b", "a**", ".", "\\a", "*.b", "..", ""]
    let rules = (0..<Int.random(in: 1...5, using: &random)).map { _ in
      let path = (0..<Int.random(in: 1...3, using: &random)).map { _ in random.pick(parts) }.joined(
        separator: "/")
      return random.pick(["", "", "!", " ", "/", "#"]) + path + random.pick(["", "", "/", " "])
    }.joined(separator: random.pick(["\n", "\r\n", "\n\n"]))
    try await compare(files.sorted(), rules, server, "seed \(seed)")
  }

  private func compare(
    _ paths: [String], _ rules: String, _ server: StubDockerServer, _ name: String
  ) async throws {
    try await withTestFolder { folder in
      let app = folder.appendingPathComponent("app")
      for path in paths { try write(path, path, in: app) }
      try write("Dockerfile", "FROM scratch\n", in: app)
      try write(".dockerignore", rules, in: app)
      let before = server.requests.count
      let client = try await runProgram(
        "docker", ["-H", "unix://\(server.socketPath)", "build", "--quiet", app.path], in: folder,
        environment: ["DOCKER_BUILDKIT": "0", "DOCKER_CONFIG": folder.path])
      let request = server.requests.dropFirst(before).first { $0.path.hasSuffix("/build") }
      guard let request else {
        #expect(client.status != 0, "\(name): \(server.requests.dropFirst(before).map(\.target))")
        #expect(throws: IgnoreFileError.self, "\(name): \(rules)") {
          _ = try BuildContext(app: app.path, path: ".", manifest: "Dockerfile")
        }
        return
      }
      let context = try BuildContext(app: app.path, path: ".", manifest: "Dockerfile")
      let ours = try tarMembers(try await sent(context))
      let theirs = try tarMembers(request.body).filter { $0.name != "./" && $0.name != "." }
      #expect(Set(ours.map(\.name)) == Set(theirs.map(\.name)), "\(name): \(rules.debugDescription)")
      #expect(ours.map(\.name).count == theirs.count, "\(name)")
      let modes = Dictionary(theirs.map { ($0.name, $0) }) { $1 }
      for member in ours {
        #expect(modes[member.name]?.mode == member.mode, "\(name): \(member.name)")
        #expect(modes[member.name]?.content == member.content, "\(name): \(member.name)")
      }
    }
  }

}
