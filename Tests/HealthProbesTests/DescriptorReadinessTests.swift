import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

@testable import HealthProbes

/// The one place where probes wait.
struct DescriptorReadinessTests {
  /// Both ends of a socket pair, closed afterwards.
  private func withPair(_ body: (Int32, Int32) async throws -> Void) async throws {
    var pair: [Int32] = [-1, -1]
    #if os(Linux)
      try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
    #else
      try #require(socketpair(AF_UNIX, SOCK_STREAM, 0, &pair) == 0)
    #endif
    defer { pair.forEach { close($0) } }
    try await body(pair[0], pair[1])
  }

  @Test func bytesThatWaitEndIt() async throws {
    try await withPair { ours, theirs in
      #expect(write(theirs, "x", 1) == 1)
      try await wait(for: .read, on: ours, until: .after(testDeadline), "reading")
      #expect(peek(ours, count: 4) == [UInt8(ascii: "x")])
    }
  }

  @Test func bytesThatComeLaterEndIt() async throws {
    try await withPair { ours, theirs in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await wait(for: .read, on: ours, until: .after(testDeadline), "reading") }
        #expect(write(theirs, "x", 1) == 1)
        try await group.waitForAll()
      }
    }
  }

  @Test func anEmptyBufferIsWritable() async throws {
    try await withPair { ours, _ in
      try await wait(for: .write, on: ours, until: .after(testDeadline), "writing")
    }
  }

  @Test func anEndThatIsClosedIsReadable() async throws {
    try await withPair { ours, theirs in
      shutdown(theirs, Int32(SHUT_RDWR))
      try await wait(for: .read, on: ours, until: .after(testDeadline), "reading")
      #expect(peek(ours, count: 4).isEmpty)
    }
  }

  @Test(arguments: [Duration.zero, .milliseconds(1), .milliseconds(30)])
  func theDeadlineEndsItAndNamesTheStep(duration: Duration) async throws {
    try await withPair { ours, _ in
      await #expect(throws: ProbeFailure.timedOut(step: "reading")) {
        try await wait(for: .read, on: ours, until: .after(duration), "reading")
      }
    }
  }

  @Test func aClosedDescriptorIsAFailureAndNoCrash() async throws {
    await #expect(throws: ProbeFailure.self) {
      try await wait(for: .read, on: -1, until: .after(testDeadline), "reading")
    }
  }

  /// Cancellation at any moment, also between the source's making and its activation. Closing and reusing the
  /// descriptor at once would crash or hang if anything still watched it.
  @Test func cancellationAtAnyMomentLeavesTheDescriptorFree() async throws {
    for round in 0..<300 {
      try await withPair { ours, _ in
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            await #expect(throws: CancellationError.self) {
              try await wait(for: .read, on: ours, until: .after(testDeadline), "reading")
            }
          }
          for _ in 0..<(round % 20) { await Task.yield() }
          group.cancelAll()
        }
      }
    }
  }

  @Test func manyMayWaitForOneDescriptor() async throws {
    try await withPair { ours, theirs in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<32 {
          group.addTask { try await wait(for: .read, on: ours, until: .after(testDeadline), "reading") }
        }
        #expect(write(theirs, "x", 1) == 1)
        try await group.waitForAll()
      }
    }
  }
}
