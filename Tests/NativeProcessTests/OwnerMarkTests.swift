import Foundation
import MonotonicTime
import Testing

@testable import NativeProcess

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
    @Test func whatWorksForNobodyIsEnded() async throws {
      let namespace = OwnerMark.own.prefix { $0 != "-" }
      func sleeper(_ mark: String) async throws {
        let tool = Tool(
          executable: "/bin/sleep", arguments: ["60"], environment: [OwnerMark.variable: mark])
        _ = try await tool.run(until: .after(.seconds(30)))
      }
      await #expect(throws: NativeProcessError.self) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await sleeper("\(namespace)-\(getpid())-1.x") }
          group.addTask {
            while true {
              OwnerMark.endAbandoned()
              try await Task.sleep(for: .milliseconds(20))
            }
          }
          defer { group.cancelAll() }
          try await group.next()
        }
      }
    }
  #endif
}
