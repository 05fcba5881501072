import Foundation
import MonotonicTime
import Testing

@testable import NativeProcess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

#if os(Linux)
  @Suite("How services end")
  struct ServiceEndTests {
    /// Starts a process in a session of its own that its parent does not wait for, as daemons do, and notes its number.
    private static let daemon = "setsid sh -c 'echo $$ > daemon; exec sleep 1000' > /dev/null 2>&1 &"

    private func daemon(of scratch: Scratch) async throws -> Int32 {
      var pid: Int32?
      try await eventually("the daemon") {
        let text = (try? String(contentsOfFile: scratch.path("daemon"), encoding: .utf8)) ?? ""
        pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
        return pid != nil
      }
      return try #require(pid)
    }

    @Test func nothingForksAway() async throws {
      try await withScratch { scratch in
        let script = "( \(Self.daemon) ); while [ ! -s daemon ]; do :; done; exit 3"
        let end = try await scratch.runToEnd(scratch.service(script))
        #expect(end == .code(3))
        let daemon = try await daemon(of: scratch)
        #expect(!isRunning(daemon))
        #expect(try ending(scratch) == .code(3))
      }
    }

    @Test func aStopEndsWhatMadeSessionsOfItsOwn() async throws {
      try await withScratch { scratch in
        try await scratch.start(
          scratch.service("\(Self.daemon)\ntrap 'exit 5' TERM; while :; do sleep 0.1; done"))
        let daemon = try await daemon(of: scratch)
        let steps = [StopStep(signal: SIGTERM, patience: .seconds(20))]
        #expect(try await stop(scratch.service, steps: steps) == .code(5))
        #expect(!isRunning(daemon))
      }
    }

    /// A process that is killed, so that nothing can be left to its last words.
    private func supervisor() throws -> Process {
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sleep")
      process.arguments = ["1000"]
      try process.run()
      return process
    }

    @Test func nothingOutlivesItsSupervisor() async throws {
      try await withScratch { scratch in
        let supervisor = try supervisor()
        let leash = try #require(Leash(to: supervisor.processIdentifier))
        let process = try await scratch.start(
          scratch.service("\(Self.daemon)\nexec sleep 1000", ServiceTraits(leash: leash)))
        let daemon = try await daemon(of: scratch)
        kill(supervisor.processIdentifier, SIGKILL)
        let end = try await waitForEnd(of: scratch.service, until: .after(.seconds(30)))
        #expect(end == .signal(SIGKILL))
        #expect(!isRunning(process.processID) && !isRunning(daemon))
        // It has let go of its lock a moment before it is gone itself.
        try await eventually("the keeper's end") { !isRunning(process.keeperPID) }
        #expect(scratch.texts(.event) == ["ended, as what started it is gone"])
      }
    }

    @Test func aSupervisorThatIsGoneAlreadyEndsItAtOnce() async throws {
      try await withScratch { scratch in
        let supervisor = try supervisor()
        let leash = try #require(Leash(to: supervisor.processIdentifier))
        kill(supervisor.processIdentifier, SIGKILL)
        try await eventually("its end") { !isRunning(supervisor.processIdentifier) }
        let spec = scratch.service("exec sleep 1000", ServiceTraits(leash: leash))
        let end = try await scratch.runToEnd(spec)
        #expect(end == .signal(SIGKILL))
      }
    }

    @Test func aKilledKeeperTakesItsServiceAlong() async throws {
      try await withScratch { scratch in
        let process = try await scratch.start(scratch.service("exec sleep 1000"))
        kill(process.keeperPID, SIGKILL)
        #expect(try await waitForEnd(of: scratch.service, until: .after(.seconds(30))) == .unknown)
        try await eventually("the service's end") { !isRunning(process.processID) }
      }
    }

    @Test func theEndOfNothing() async throws {
      try await withScratch { scratch in
        let nothing = try await waitForEnd(of: scratch.service)
        #expect(nothing == nil)
        let end = try await scratch.runToEnd(scratch.service("kill -SEGV $$"))
        #expect(end == .signal(SIGSEGV))
        #expect(try await waitForEnd(of: scratch.service) == .signal(SIGSEGV))
      }
    }
  }
#endif
