import MonotonicTime
import NIOHTTP1
import Testing

@testable import LocalServer
@testable import RackAPI

/// What went wrong after the answer. The tool ends only when it is told so twice in a row.
@Suite struct FailuresTests {
  private let failure = HTTPFailure(.badRequest, "it cannot")

  /// Bug: a failure was told once, and the tool, which wants to hear it twice, waited for half an hour.
  @Test func aFailureIsToldUntilSomethingSucceeds() throws {
    let failures = Failures()
    failures.note(failure, of: "pg")
    for _ in 0..<3 {
      let told = #expect(throws: HTTPFailure.self) { try failures.tell("pg") }
      #expect(told?.message == "it cannot")
    }
    try failures.tell("other")
    failures.forget("pg")
    try failures.tell("pg")
  }

  @Test func butNotForEver() throws {
    let failures = Failures(patience: .zero)
    failures.note(failure, of: "pg")
    try failures.tell("pg")
  }
}
