import MonotonicTime
import Testing

@testable import DockerEngine

@Suite struct TimeLimitTests {
  /// Waits until a deadline has passed, as an exchange that lasts does.
  private func outlast(_ deadline: Deadline) async throws {
    var backoff = Backoff()
    while !deadline.hasPassed { try await backoff.sleep(until: .generous, "a deadline to pass") }
    for _ in 0..<3 { try await backoff.sleep(until: .generous, "the limit to act") }
  }

  @Test func aStreamThatBeganMayLast() async throws {
    let head = Deadline.after(.seconds(1))
    let value = try await TimeLimit(head: head, end: nil).run("try") { mark in
      mark.set()
      try await outlast(head)
      return 1
    }
    #expect(value == 1)
  }

  @Test func aStreamThatDoesNotBeginIsLate() async throws {
    let head = Deadline.after(.milliseconds(20))
    let code = try await failure {
      try await TimeLimit(head: head, end: nil).run("try") { _ in try await outlast(.generous) }
    }
    #expect(code == .timedOut)
  }

  @Test func aStreamThatBeganHasToEndInTime() async throws {
    let end = Deadline.after(.milliseconds(40))
    let code = try await failure {
      try await TimeLimit(head: .after(.milliseconds(10)), end: end).run("try") { mark in
        mark.set()
        try await outlast(.generous)
      }
    }
    #expect(code == .timedOut)
  }

  @Test func aStreamThatFallsSilentIsLate() async throws {
    let error = try await #require(throws: DockerError.self) {
      try await TimeLimit(head: .after(.seconds(1)), end: nil, silence: .milliseconds(20)).run("try") {
        mark in
        mark.set()
        try await outlast(.generous)
      }
    }
    #expect(error.code == .timedOut && error.message.contains("said nothing"))
  }

  @Test func aStreamThatGoesOnIsNot() async throws {
    let silence = Duration.seconds(1)
    // Silence is looked for once the head is due.
    let head = Deadline.after(.seconds(1))
    let value = try await TimeLimit(head: head, end: nil, silence: silence).run("try") { mark in
      mark.set()
      let long = head.moved(by: silence + .milliseconds(100))
      var backoff = Backoff()
      while !long.hasPassed {
        mark.set()
        try await backoff.sleep(until: .generous, "a deadline to pass")
      }
      return 1
    }
    #expect(value == 1)
  }

  @Test func theHeadIsDueByTheEndAtTheLatest() {
    let end = Deadline.after(.seconds(1))
    #expect(TimeLimit(head: .after(.seconds(10)), end: end).head == end)
  }

  @Test func anErrorOfTheExchangeIsPassedOn() async throws {
    struct Own: Error {}
    await #expect(throws: Own.self) {
      try await TimeLimit(.generous).run("try") { _ in throw Own() }
    }
  }
}
