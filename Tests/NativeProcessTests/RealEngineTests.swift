import Foundation
import MonotonicTime
import NativeProcess
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The newest PostgreSQL of this machine, as Debian's packages lay it out; nil when there is none.
private let postgres: String? = {
  let root = "/usr/lib/postgresql"
  let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
  return versions.sorted().last.map { "\(root)/\($0)/bin" }
}()

@Suite("PostgreSQL under a keeper")
struct RealEngineTests {
  @Test(.enabled(if: postgres != nil)) func startsOutlivesItsKeeperAndStops() async throws {
    try await withScratch { scratch in
      let spec = try await prepared(scratch, try #require(postgres))
      let engine = try await scratch.keeper().start(spec, until: .after(.seconds(30)))
      try await eventually("connections") { isReady(scratch) }
      kill(engine.keeperPID, SIGKILL)
      #expect(try inspect(scratch.files) == .running(engine))
      let steps = [StopStep(signal: SIGINT, patience: .seconds(30))]
      #expect(try await stop(scratch.files, steps: steps) == .unknown)

      let second = try await scratch.keeper().start(spec, until: .after(.seconds(30)))
      try await eventually("connections") { isReady(scratch) }
      #expect(try await stop(scratch.files, steps: steps) == .code(0))
      #expect(second.processID != engine.processID)
    }
  }

  @Test(.enabled(if: postgres != nil)) func aKilledServerTakesItsChildrenAlong() async throws {
    try await withScratch { scratch in
      let spec = try await prepared(scratch, try #require(postgres))
      let engine = try await scratch.keeper().start(spec, until: .after(.seconds(30)))
      try await eventually("connections") { isReady(scratch) }
      kill(engine.processID, SIGKILL)
      // The children have the lock too: it is free once the last of them is gone and a new start is safe.
      try await eventually("a free lock") { try ending(scratch) == .signal(SIGKILL) }
    }
  }

  /// The socket's lock file says "ready" in its last line; good enough for a test that asks no query.
  private func isReady(_ scratch: Scratch) -> Bool {
    let lines = (try? String(contentsOfFile: scratch.path("d/postmaster.pid"), encoding: .utf8)) ?? ""
    return lines.split(separator: "\n").last?.hasPrefix("ready") == true
  }

  private func prepared(_ scratch: Scratch, _ binaries: String) async throws -> SupervisedSpec {
    let user = try ProcessUser.unprivileged(["postgres", "nobody"])
    let data = scratch.path("d")
    try FileManager.default.createDirectory(
      atPath: data, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    if let user { try #require(chown(data, user.userID, user.groupID) == 0) }
    let environment = cleanEnvironment(inherited: [:], home: data)
    let initdb = Tool(
      executable: binaries + "/initdb",
      arguments: ["-D", data, "--no-sync", "--auth=trust", "-U", "admin", "--encoding=UTF8"],
      environment: environment, workingDirectory: data)
    _ = try await initdb.run(as: user, by: scratch.keeper()).run(until: .after(.seconds(120)))
    return SupervisedSpec(
      executable: binaries + "/postgres",
      arguments: ["-D", data, "-c", "listen_addresses=", "-c", "unix_socket_directories=\(data)"],
      environment: environment, workingDirectory: data, user: user, files: scratch.files)
  }
}
