import AppStateTestSupport
import Engines
import Foundation
import ServersTestSupport
import Testing

@testable import Servers

/// Any executable that states a version passes for a server here: coreutils' `true` does on Linux.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/true")))
struct NativeDiscoveryTests {
  private func discover(
    _ test: TestHome, path: [String], folders: [String] = [], tools: [String: [String]] = [:]
  ) async -> [NativeInstallation] {
    var engine = FakeEngine()
    engine.nativeSearch = NativeSearch(
      servers: ["fake", "fake-server"], tools: tools, folders: folders.map { "\(test.path)/\($0)" },
      apt: "fake",
      brew: "fake")
    let path = path.map { "\(test.path)/\($0)" }.joined(separator: ":")
    let discovery = NativeDiscovery(environment: ["PATH": path], patience: .seconds(60))
    return (try? await discovery.installations(of: engine)) ?? []
  }

  /// Links lead to programs that are there: a copy just made cannot be run while a test beside this one forks.
  private func install(_ name: String, as program: String = "true", in test: TestHome) throws {
    _ = try test.folder(String(name.prefix(upTo: name.lastIndex(of: "/") ?? name.endIndex)))
    try FileManager.default.createSymbolicLink(
      atPath: "\(test.path)/\(name)", withDestinationPath: "/usr/bin/\(program)")
  }

  @Test func theOnesOnThePathAndInTheUsualFolders() async throws {
    try await TestHome.with { test in
      try install("bin/fake", in: test)
      try install("lib/15/bin/fake-server", as: "cat", in: test)
      try install("lib/17/bin/fake-server", as: "ls", in: test)
      try install("lib/17/other/fake-server", as: "cp", in: test)
      let found = await discover(test, path: ["bin"], folders: ["lib/*/bin"])
      let places = found.map { $0.server.dropFirst(test.path.count + 1) }
      #expect(places == ["bin/fake", "lib/15/bin/fake-server", "lib/17/bin/fake-server"])
      #expect(found.allSatisfy { $0.banner.contains($0.version.description) })
    }
  }

  @Test func relativeFoldersOfThePathAreNotSearched() async throws {
    try await TestHome.with { test in
      try install("bin/fake", in: test)
      let relative = String(repeating: "../", count: 40) + test.path.dropFirst() + "/bin"
      var engine = FakeEngine()
      engine.nativeSearch = NativeSearch(
        servers: ["fake"], tools: [:], folders: [], apt: "fake", brew: "fake")
      for (path, count) in [("\(relative):.", 0), (":\(relative):\(test.path)/bin", 1)] {
        let discovery = NativeDiscovery(environment: ["PATH": path], patience: .seconds(60))
        #expect(try await discovery.installations(of: engine).count == count, "\(path)")
      }
    }
  }

  @Test func aFileByTwoNamesIsOneServer() async throws {
    try await TestHome.with { test in
      try install("bin/fake", in: test)
      _ = try test.folder("links")
      try FileManager.default.createSymbolicLink(
        atPath: "\(test.path)/links/fake-server", withDestinationPath: "\(test.path)/bin/fake")
      #expect(await discover(test, path: ["bin", "links", "bin"]).count == 1)
    }
  }

  /// Bug: Debian's redis-server, a link to the redis-check-rdb beside it, was asked by each command.
  @Test(arguments: [
    ("/usr/bin/redis-server", "/usr/bin/redis-check-rdb", "/usr/bin/redis-server"),
    ("/opt/redis/redis-server", "/opt/redis/8/redis-server", "/opt/redis/8/redis-server"),
    ("/home/me/shims/redis-server", "/home/me/shims/shim", nil),
    ("/home/me/shims/redis-server", "/home/me/bin/redis-shim", nil),
  ])
  func whoseAnswerIsKeptAndByWhichName(_ server: String, _ real: String, _ name: String?) {
    let search = NativeSearch(servers: ["redis-server"], apt: "redis", brew: "redis")
    #expect(NativeDiscovery.lastingName(of: server, real, search) == name)
  }

  @Test func scriptsAndWhatIsNoProgramAreLeftOut() async throws {
    try await TestHome.with { test in
      try test.write("#!/bin/sh\necho 1.0\n", to: "bin/fake")
      chmod("\(test.path)/bin/fake", 0o755)
      try test.write("1.0", to: "bin/fake-server")
      #expect(await discover(test, path: ["bin", "missing"]).isEmpty)
    }
  }

  @Test func toolsLieBesideTheServerOrOnThePath() async throws {
    try await TestHome.with { test in
      try install("engine/sbin/fake", in: test)
      try install("engine/bin/near", in: test)
      try install("tools/near", in: test)
      try install("tools/far", in: test)
      let found = await discover(
        test, path: ["tools"], folders: ["engine/sbin"],
        tools: ["near": ["near"], "far": ["nowhere", "far"], "none": ["nothing"]])
      #expect(
        found.first?.tools == ["near": "\(test.path)/engine/bin/near", "far": "\(test.path)/tools/far"])
    }
  }
}
