import Logging
package import MonotonicTime

/// Whether the process or container behind a server is still there.
package enum Liveness: Sendable, Hashable {
  /// It runs.
  case alive
  /// It has ended; with its exit code or signal in words.
  case dead(reason: String)
}

/// Waits until a server is proved to be ready and to be ours.
///
/// Each round asks first whether the process or container lives, then attempts a login and query, then
/// compares the identity. Neither an accepted connection nor a log line counts.
package struct ReadinessWait: Sendable {
  /// How rounds are paced and what counts as final.
  package struct Pace: Sendable, Hashable {
    /// The longest that one attempt may take.
    package var attemptLimit: Duration
    /// How many engines are starting at the same time: with more of them, pauses grow longer, since polling
    /// slows their start.
    package var concurrentStarts: Int
    /// The longest pause between rounds for each engine that is starting.
    package var pausePerStart: Duration
    /// How long after a first success a second look must find the same run of the server: for engines whose
    /// image first starts a temporary one. `nil` for no second look.
    package var confirmAfter: Duration?
    /// How many equal answers in a row make a stranger, or a refused login without repair, final.
    package var finalCount: Int
    /// For how long these answers must have come besides.
    package var finalAfter: Duration

    /// The usual pace.
    package init(
      attemptLimit: Duration = .seconds(3), concurrentStarts: Int = 1,
      pausePerStart: Duration = .milliseconds(10), confirmAfter: Duration? = nil,
      finalCount: Int = 3, finalAfter: Duration = .milliseconds(500)
    ) {
      self.attemptLimit = attemptLimit
      self.concurrentStarts = concurrentStarts
      self.pausePerStart = pausePerStart
      self.confirmAfter = confirmAfter
      self.finalCount = finalCount
      self.finalAfter = finalAfter
    }

    /// From a few milliseconds up to the given pause for each engine that is starting, and never above 100: one
    /// that starts alone is to be noticed at once, many together are not to be slowed by being asked.
    var backoff: Backoff {
      let starts = max(1, concurrentStarts)
      return Backoff(
        first: .milliseconds(min(4 * starts, 20)), limit: min(pausePerStart * starts, .milliseconds(100)))
    }

    /// The pause before the second look, and between looks if that one shows another run.
    var confirmationPause: Backoff {
      let pause = confirmAfter ?? .zero
      return Backoff(first: pause, limit: pause)
    }
  }

  /// Mends a refused login or a missing database through the administrator's account; `false` when there was
  /// nothing it could do.
  package typealias Repair = @Sendable (ProbeFailure) async throws -> Bool

  let subject: String
  let probe: any HealthProbe
  let identity: ExpectedIdentity
  let pace: Pace
  let liveness: @Sendable () async throws -> Liveness
  let progress: @Sendable (ProbeFailure) -> Void
  let repair: Repair?

  /// A wait for one server.
  /// - Parameters:
  ///   - subject: The server as messages name it, for instance "database (postgres)".
  ///   - probe: How it is asked.
  ///   - identity: What makes it ours.
  ///   - pace: How rounds are paced.
  ///   - liveness: Whether the process or container is there; asked before each attempt and during long ones.
  ///   - progress: Told each failed attempt.
  ///   - repair: Called once, on the first refused login, missing database or settings that keep the account out.
  package init(
    subject: String, probe: any HealthProbe, identity: ExpectedIdentity = ExpectedIdentity(),
    pace: Pace = Pace(), liveness: @escaping @Sendable () async throws -> Liveness,
    progress: @escaping @Sendable (ProbeFailure) -> Void = { _ in }, repair: Repair? = nil
  ) {
    self.subject = subject
    self.probe = probe
    self.identity = identity
    self.pace = pace
    self.liveness = liveness
    self.progress = progress
    self.repair = repair
  }

  /// Waits for the server.
  /// - Returns: What the server said in the attempt that proved it.
  /// - Throws: `ReadinessError`, `CancellationError`, or what `liveness` or `repair` threw.
  package func run(until deadline: Deadline) async throws -> ServerReport {
    var rounds = ReadinessRounds(subject: subject, pace: pace)
    var backoff = pace.backoff
    while true {
      try await requireLife(rounds)
      do {
        let report = try await attempt(until: deadline.capped(at: pace.attemptLimit), rounds)
        try identity.check(report)
        logger.debug("answered", metadata: ["server": "\(subject)", "version": "\(report.version)"])
        if rounds.accept(report) { return report }
        backoff = pace.confirmationPause
      } catch let failure as ProbeFailure {
        logger.debug("\(failure)", metadata: ["server": "\(subject)"])
        progress(failure)
        if try rounds.note(failure, isLast: deadline.hasPassed, canRepair: repair != nil) == .repair {
          rounds.repaired(try await repair?(failure) ?? false)
        }
        if rounds.hasAdvanced { backoff = pace.backoff }
      }
      try await pause(&backoff, rounds, until: deadline)
    }
  }

  private func requireLife(_ rounds: ReadinessRounds) async throws {
    if case .dead(let reason) = try await liveness() { throw rounds.death(reason) }
  }

  private func pause(
    _ backoff: inout Backoff, _ rounds: ReadinessRounds, until deadline: Deadline
  ) async throws {
    do {
      try await backoff.sleep(until: deadline, subject)
    } catch is TimeoutError {
      throw rounds.expired
    }
  }

  /// One attempt, given up at once when the process behind it ends meanwhile.
  private func attempt(until deadline: Deadline, _ rounds: ReadinessRounds) async throws -> ServerReport {
    try await withThrowingTaskGroup(of: ServerReport.self) { group in
      group.addTask { try await probe.attempt(until: deadline) }
      group.addTask {
        while true {
          try await Task.sleep(for: .milliseconds(200), clock: SuspendingClock())
          try await requireLife(rounds)
        }
      }
      defer { group.cancelAll() }
      guard let report = try await group.next() else { throw CancellationError() }
      return report
    }
  }
}

private let logger = Logger(label: "drydock.probe")
