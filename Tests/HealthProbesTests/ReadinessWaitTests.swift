import DrydockTestSupport
import HealthProbes
import MonotonicTime
import Synchronization
import Testing

/// The loop itself, with probes that follow a script: what real engines cannot be made to say on demand.
struct ReadinessWaitTests {
  /// Answers from a list, the last one for ever.
  private final class Script: HealthProbe {
    let name = "script"
    let answers: [Result<ServerReport, ProbeFailure>]
    let count = Mutex(0)

    init(_ answers: [Result<ServerReport, ProbeFailure>]) {
      self.answers = answers
    }

    func attempt(until deadline: Deadline) async throws -> ServerReport {
      let index = count.withLock { count in
        defer { count += 1 }
        return min(count, answers.count - 1)
      }
      return try answers[index].get()
    }
  }

  private static func report(_ run: String = "1", marker: String? = "ours") -> ServerReport {
    ServerReport(flavour: .postgresql, version: "15", marker: marker, runID: run)
  }

  private static let starting = ProbeFailure.starting(message: "not yet")
  private static let credentials = ProbeFailure.credentials(message: "no")

  private func wait(
    _ script: Script, pace: ReadinessWait.Pace = .init(),
    liveness: @escaping @Sendable () async throws -> Liveness = { .alive },
    progress: @escaping @Sendable (ProbeFailure) -> Void = { _ in }, repair: ReadinessWait.Repair? = nil,
    for duration: Duration = testDeadline
  ) async throws -> ServerReport {
    try await ReadinessWait(
      subject: "it", probe: script, identity: ExpectedIdentity(marker: "ours"), pace: pace,
      liveness: liveness, progress: progress, repair: repair
    ).run(until: .after(duration))
  }

  @Test func itGoesOnUntilTheServerIsReadyAndTellsEachFailure() async throws {
    let seen = Mutex<[ProbeFailure]>([])
    let script = Script([
      .failure(.unreachable(reason: "refused")), .failure(Self.starting), .success(Self.report()),
    ])
    _ = try await wait(script, progress: { failure in seen.withLock { $0.append(failure) } })
    #expect(seen.withLock { $0 } == [.unreachable(reason: "refused"), Self.starting])
  }

  @Test func aDeadEngineIsNotEvenAsked() async throws {
    let script = Script([.success(Self.report())])
    await #expect(throws: ReadinessError.died(subject: "it", reason: "exit code 1")) {
      try await wait(script, liveness: { .dead(reason: "exit code 1") })
    }
    #expect(script.count.withLock { $0 } == 0)
  }

  @Test func anEngineThatDiesDuringALongAttemptEndsTheWait() async throws {
    try await withBlackHole(.silent) { server in
      let wait = ReadinessWait(
        subject: "it", probe: RedisProbe(target: ProbeTarget(port: server.port)),
        pace: .init(attemptLimit: testDeadline),
        liveness: { server.accepted == 0 ? .alive : .dead(reason: "killed") })
      await #expect(throws: ReadinessError.died(subject: "it", reason: "killed")) {
        try await wait.run(until: .after(testDeadline))
      }
    }
  }

  @Test func theDeadlineGivesTheLastFailure() async throws {
    await #expect(throws: ReadinessError.notReady(subject: "it", last: Self.starting)) {
      try await wait(Script([.failure(Self.starting)]), for: .milliseconds(50))
    }
  }

  @Test func cancellationIsNoTimeout() async throws {
    try await withBlackHole(.silent) { server in
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          let wait = ReadinessWait(
            subject: "it", probe: RedisProbe(target: ProbeTarget(port: server.port)), liveness: { .alive })
          await #expect(throws: CancellationError.self) { try await wait.run(until: .after(testDeadline)) }
        }
        while server.accepted == 0 { await Task.yield() }
        group.cancelAll()
      }
    }
  }

  @Test(arguments: [
    ProbeFailure.stranger(expected: "\"ours\"", found: "\"theirs\""),
    .wrongProtocol(message: "nonsense"),
  ])
  func aStrangerThatStaysIsFinal(failure: ProbeFailure) async throws {
    await #expect(throws: ReadinessError.stranger(subject: "it", failure: failure)) {
      try await wait(Script([.failure(failure)]))
    }
  }

  /// Bug: where all connections were used, an `up` waited for two minutes and said that the server was not ready.
  @Test func aFullServerIsNoSlowOne() async throws {
    let full = ProbeFailure.exhausted(message: "too many clients")
    await #expect(throws: ReadinessError.exhausted(subject: "it", failure: full)) {
      try await wait(Script([.failure(full)]), pace: .init(finalAfter: .milliseconds(1)))
    }
    // Whoever leaves makes room.
    let script = Script([.failure(full), .failure(full), .failure(full), .success(Self.report())])
    #expect(try await wait(script).marker == "ours")
  }

  @Test func aStrangerThatGoesIsForgotten() async throws {
    let theirs = Result<ServerReport, ProbeFailure>.success(Self.report(marker: "theirs"))
    let script = Script([theirs, theirs, .failure(Self.starting), theirs, .success(Self.report())])
    #expect(try await wait(script).marker == "ours")
  }

  @Test func aStrangerOnThePortExplainsADeath() async throws {
    let script = Script([.success(Self.report(marker: nil))])
    let error = ReadinessError.stranger(
      subject: "it", failure: .stranger(expected: "\"ours\"", found: "no marker"))
    await #expect(throws: error) {
      try await wait(script, liveness: { script.count.withLock { $0 } == 0 ? .alive : .dead(reason: "x") })
    }
  }

  @Test(arguments: [credentials, .missingDatabase(message: "none"), .unusableSettings(message: "a library")])
  func aRefusedLoginIsRepairedOnce(failure: ProbeFailure) async throws {
    let repairs = Mutex<[ProbeFailure]>([])
    let script = Script([.failure(Self.starting), .failure(failure), .success(Self.report())])
    _ = try await wait(
      script,
      repair: { failure in
        repairs.withLock { $0.append(failure) }
        return true
      })
    #expect(repairs.withLock { $0 } == [failure])
  }

  @Test func aLoginRefusedAfterARepairIsFinal() async throws {
    let repairs = Mutex(0)
    await #expect(throws: ReadinessError.credentials(subject: "it", failure: Self.credentials)) {
      try await wait(
        Script([.failure(Self.credentials)]),
        repair: { _ in
          repairs.withLock { $0 += 1 }
          return true
        })
    }
    #expect(repairs.withLock { $0 } == 1)
  }

  @Test(arguments: [(true, 4), (false, 3)])
  func aLoginThatCannotBeRepairedIsNoLoop(hasRepair: Bool, attempts: Int) async throws {
    let script = Script([.failure(Self.credentials)])
    await #expect(throws: ReadinessError.credentials(subject: "it", failure: Self.credentials)) {
      if hasRepair {
        _ = try await wait(script, pace: .init(finalAfter: .zero), repair: { _ in false })
      } else {
        _ = try await wait(script, pace: .init(finalAfter: .zero))
      }
    }
    #expect(script.count.withLock { $0 } == attempts)
  }

  @Test func aTemporaryServerDoesNotPassTheSecondLook() async throws {
    let script = Script([
      .success(Self.report("temporary")), .failure(Self.starting), .success(Self.report("real")),
      .success(Self.report("real")),
    ])
    let report = try await wait(script, pace: .init(confirmAfter: .milliseconds(1)))
    #expect(report.runID == "real")
    #expect(script.count.withLock { $0 } == 4)
  }

  @Test func aRestartBetweenTwoLooksIsNoticed() async throws {
    let script = Script([
      .success(Self.report("temporary")), .success(Self.report("real")), .success(Self.report("real")),
    ])
    #expect(try await wait(script, pace: .init(confirmAfter: .milliseconds(1))).runID == "real")
    #expect(script.count.withLock { $0 } == 3)
  }
}
