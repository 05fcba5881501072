import Testing

@testable import Services

@Suite("When a replica is started again")
struct RestartPolicyTests {
  private let begin = SuspendingClock.now

  @Test("pauses double from a second to half a minute")
  func pausesGrow() {
    var policy = RestartPolicy()
    let pauses = (0..<8).map { policy.next(after: .zero, now: begin.advanced(by: .seconds($0 * 40))).pause }
    #expect(pauses.map(\.components.seconds) == [1, 2, 4, 8, 16, 30, 30, 30])
  }

  @Test("a replica that was up for half a minute begins anew")
  func uptimeForgives() {
    var policy = RestartPolicy()
    for second in 0..<4 { _ = policy.next(after: .zero, now: begin.advanced(by: .seconds(second))) }
    let verdict = policy.next(after: .seconds(30), now: begin.advanced(by: .seconds(40)))
    #expect(verdict == RestartPolicy.Verdict(pause: .seconds(1), isCrashLoop: false))
  }

  @Test(
    "the fifth end in a minute is a crash loop, one in more time is none",
    arguments: [(12, true), (16, false)])
  func crashLoop(distance: Int, isLoop: Bool) {
    var policy = RestartPolicy()
    let verdicts = (0..<5).map { policy.next(after: .zero, now: begin.advanced(by: .seconds($0 * distance))) }
    #expect(verdicts.map(\.isCrashLoop) == [false, false, false, false, isLoop])
  }
}
