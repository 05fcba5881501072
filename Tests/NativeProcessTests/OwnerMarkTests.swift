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
    private var abandoned: String { "\(OwnerMark.own.prefix { $0 != "-" })-\(getpid())-1" }

    /// Runs a script as a client whose drydock is gone until something ends it, looking once `condition` holds.
    private func abandon(_ script: String, once condition: @escaping @Sendable () -> Bool = { true }) async {
      await #expect(throws: NativeProcessError.self) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            let tool = Tool(
              executable: "/bin/sh", arguments: ["-c", script],
              environment: cleanEnvironment(inherited: [:], additions: [OwnerMark.variable: abandoned]))
            _ = try await tool.namedInItsMark.run(until: .after(.seconds(30)))
          }
          group.addTask {
            while true {
              if condition() { OwnerMark.endAbandoned() }
              try await Task.sleep(for: .milliseconds(20))
            }
          }
          defer { group.cancelAll() }
          try await group.next()
        }
      }
    }

    @Test func whatWorksForNobodyIsEnded() async { await abandon("exec sleep 60") }

    /// Bug: whatever had been started inside a console was killed with it, as the mark is inherited.
    @Test func whatAPersonStartedToStayStays() async throws {
      try await withScratch { scratch in
        let file = scratch.path("number")
        @Sendable func number() -> Int32? {
          (try? String(contentsOfFile: file, encoding: .utf8)).flatMap {
            Int32($0.trimmingCharacters(in: .newlines))
          }
        }
        await abandon(
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
          inherited: [:], additions: [OwnerMark.variable: abandoned])
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
