import DrydockTestSupport
import Foundation
import NativeProcess
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Users and the keeper's place")
struct SurroundingsTests {
  @Test func usersAreFound() async throws {
    #expect(try ProcessUser.resolve("root").isRoot)
    #expect(await code { try ProcessUser.resolve("no such user") } == .userUnknown)
    #expect(ProcessUser.current.userID == geteuid())
  }

  @Test func anEngineNeverRunsAsRoot() async throws {
    if geteuid() == 0 {
      #expect(try ProcessUser.unprivileged(["no such user", "root", "nobody"])?.name == "nobody")
      #expect(await code { try ProcessUser.unprivileged(["root"]) } == .userUnknown)
    } else {
      #expect(try ProcessUser.unprivileged(["root"]) == nil)
    }
  }

  #if os(Linux)
    /// Bug: what services wrote was closed to everybody else, whatever the user's umask.
    @Test func aServiceHasTheCallersUmaskAndAServerWithDataNone() async throws {
      try await withScratch { scratch in
        let own = try #require(status(getpid(), "Umask"))
        let end = try await scratch.runToEnd(scratch.service("umask"))
        #expect(end == .code(0))
        #expect(scratch.texts() == [own])
      }
      try await withScratch { scratch in
        var server = scratch.service("umask")
        server.writablePaths = [scratch.folder]
        let end = try await scratch.runToEnd(server)
        #expect(end == .code(0))
        #expect(scratch.texts() == ["0077"])
      }
    }
  #endif

  @Test func theKeeperIsFoundByNameThenBesideThenInLibexec() async throws {
    try await withScratch { scratch in
      let prefix = scratch.path("prefix")
      let drydock = try file(prefix + "/bin/drydock")
      #expect(await code { try Keeper.locate(beside: drydock, environment: [:]) } == .keeperMissing)
      let libexec = try file(prefix + "/libexec/drydock/drydock-keeper")
      #expect(try Keeper.locate(beside: drydock, environment: [:]).executable == libexec)
      let beside = try file(prefix + "/bin/drydock-keeper")
      #expect(try Keeper.locate(beside: drydock, environment: ["DRYDOCK_KEEPER": ""]).executable == beside)
      let link = scratch.path("drydock")
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: drydock)
      #expect(try Keeper.locate(beside: link, environment: [:]).executable == beside)
      let named = try file(scratch.path("elsewhere/k"))
      #expect(try Keeper.locate(beside: drydock, environment: ["DRYDOCK_KEEPER": named]).executable == named)
      // A name that is wrong is an error and not passed over.
      let wrong = ["DRYDOCK_KEEPER": scratch.path("none")]
      #expect(await code { try Keeper.locate(beside: drydock, environment: wrong) } == .keeperMissing)
    }
  }

  private func file(_ path: String) throws -> String {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data().write(to: url)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }
}
