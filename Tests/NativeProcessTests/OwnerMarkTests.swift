import Foundation
import MonotonicTime
import Testing

@testable import NativeProcess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct OwnerMarkTests {
  @Test func aMarkIsAbandonedOnceItsProcessIsGone() {
    let own = OwnerMark.own
    #expect(!OwnerMark.isAbandoned(own) && !OwnerMark.isAbandoned(own + ".secret"))
    let parts = own.split(separator: "-")
    #expect(OwnerMark.isAbandoned("\(parts[0])-\(parts[1])-1.secret"))
    // Of another container, or none of ours.
    for strange in ["1-\(parts[1])-1", "abc", "", "a-b-c"] { #expect(!OwnerMark.isAbandoned(strange)) }
  }

  #if os(Linux)
    /// The mark of a process of this namespace.
    private func mark(_ pid: Int32, start: UInt64) -> String {
      "\(OwnerMark.own.prefix { $0 != "-" })-\(pid)-\(start)"
    }

    /// Runs a script as a client whose drydock is gone once `condition` holds, until something ends it: any drydock of this
    /// machine may do so, and not before.
    private func abandon(_ script: String, once condition: @escaping @Sendable () -> Bool = { true })
      async throws
    {
      let drydock = Process()
      drydock.executableURL = URL(filePath: "/bin/sleep")
      drydock.arguments = ["1000"]
      try drydock.run()
      defer { drydock.terminate() }
      let pid = drydock.processIdentifier
      let mark = mark(pid, start: try #require(ProcessTable.entry(pid)).start)
      await #expect(throws: NativeProcessError.self) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            let tool = Tool(
              executable: "/bin/sh", arguments: ["-c", script],
              environment: cleanEnvironment(inherited: [:], additions: [OwnerMark.variable: mark]))
            _ = try await tool.namedInItsMark.run(until: .after(.seconds(30)))
          }
          group.addTask {
            try await eventually("the client at work") { condition() }
            kill(pid, SIGKILL)
            var pause = Backoff()
            while true {
              OwnerMark.endAbandoned()
              try await pause.sleep(until: .never, "the client's end")
            }
          }
          defer { group.cancelAll() }
          try await group.next()
        }
      }
    }

    @Test func whatWorksForNobodyIsEnded() async throws { try await abandon("exec sleep 60") }

    /// Bug: whatever had been started inside a console was killed with it, as the mark is inherited.
    @Test func whatAPersonStartedToStayStays() async throws {
      try await withScratch { scratch in
        let file = scratch.path("number")
        @Sendable func number() -> Int32? {
          (try? String(contentsOfFile: file, encoding: .utf8)).flatMap {
            Int32($0.trimmingCharacters(in: .newlines))
          }
        }
        try await abandon(
          "setsid sh -c 'echo $$; exec sleep 1000' >'\(file)' 2>/dev/null </dev/null & sleep 60"
        ) { number() != nil }
        let stranger = try #require(number())
        defer { kill(stranger, SIGKILL) }
        #expect(ProcessTable.entry(stranger)?.isZombie == false)
      }
    }

    /// Bug: root's drydock killed another user's process that had the mark in its environment.
    @Test(.enabled(if: getuid() == 0, "only root could end another user's process"))
    func anotherUsersProcessStays() async throws {
      try await withScratch { scratch in
        let file = scratch.path("number")
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [
          "-c",
          "exec setsid setpriv --reuid=12345 --regid=12345 --clear-groups sh -c"
            + " 'echo $$; \(OwnerMark.naming); exec sleep 1000' >'\(file)'",
        ]
        process.environment = cleanEnvironment(
          inherited: [:], additions: [OwnerMark.variable: mark(getpid(), start: 1)])
        try process.run()
        func number() -> Int32? {
          (try? String(contentsOfFile: file, encoding: .utf8)).flatMap {
            Int32($0.trimmingCharacters(in: .newlines))
          }
        }
        try await eventually("the other user's process") {
          number().map { proc($0, "comm") == "sleep\n" } ?? false
        }
        let stranger = try #require(number())
        defer { kill(stranger, SIGKILL) }
        OwnerMark.endAbandoned()
        #expect(ProcessTable.entry(stranger)?.isZombie == false)
      }
    }
  #endif
}
