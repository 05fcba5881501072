import DrydockTestSupport
import Foundation
import MonotonicTime
import Synchronization
import Testing

@testable import NativeProcess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

#if os(Linux)
  @Suite("Containers on a leash")
  struct ContainerLeashTests {
    /// A process that is there until it is killed.
    private func supervisor() throws -> Process {
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sleep")
      process.arguments = ["1000"]
      try process.run()
      return process
    }

    private func leash(
      _ scratch: Scratch, _ server: StubDockerServer, to process: Process
    ) async throws -> ContainerLeash {
      try await ContainerLeash.start(
        scratch.keeper(), folder: scratch.folder, engineSocket: server.socketPath,
        leash: try #require(Leash(to: process.processIdentifier)), until: .after(.seconds(30)))
    }

    @Test func theyGoWithTheirSupervisor() async throws {
      // One is gone already, one takes two attempts.
      let attempts = Mutex(0)
      let engine: StubDockerServer.Handler = { request in
        if request.target.contains("/gone") { return .reply(404, "{}") }
        if request.target.contains("/stuck"),
          attempts.withLock({
            $0 += 1; return $0
          }) == 1
        {
          return .reply(500, "{}")
        }
        return .reply(204, "")
      }
      try await withScratch { scratch in
        try await StubDockerServer.run(engine) { server in
          let process = try supervisor()
          let leash = try await leash(scratch, server, to: process)
          for id in ["one", "gone", "stuck"] { try leash.add(id) }
          #expect(server.requests.isEmpty)
          try leash.add("later")
          kill(process.processIdentifier, SIGKILL)
          try await server.wait(until: .after(.seconds(30)), "the requests") { $0.requests.count == 5 }
          #expect(server.requests.allSatisfy { $0.method == "DELETE" })
          let targets = Set(server.requests.map(\.target))
          #expect(targets == Set(["one", "gone", "stuck", "later"].map { "/containers/\($0)?force=1&v=1" }))
          try await eventually("its end") {
            !FileManager.default.fileExists(atPath: scratch.path("containers"))
          }
        }
      }
    }

    @Test func whenToldToItDoesNothing() async throws {
      try await withScratch { scratch in
        try await StubDockerServer.run({ _ in .reply(204, "") }) { server in
          let process = try supervisor()
          let first = try await leash(scratch, server, to: process)
          try first.add("one")
          await first.stop()
          // The lock is free again, and the list is empty.
          let second = try await leash(scratch, server, to: process)
          try second.add("two")
          kill(process.processIdentifier, SIGKILL)
          try await server.wait(until: .after(.seconds(30)), "the request") { !$0.requests.isEmpty }
          try await eventually("its end") {
            !FileManager.default.fileExists(atPath: scratch.path("containers"))
          }
          #expect(server.requests.map(\.target) == ["/containers/two?force=1&v=1"])
        }
      }
    }

    @Test func anIdIsNoPath() async throws {
      try await withScratch { scratch in
        try await StubDockerServer.run({ _ in .reply(204, "") }) { server in
          let process = try supervisor()
          defer { kill(process.processIdentifier, SIGKILL) }
          let leash = try await leash(scratch, server, to: process)
          let code = await code { try leash.add("x/../y") }
          #expect(code == .fileUnusable(EINVAL))
          await leash.stop()
        }
      }
    }
  }
#endif
