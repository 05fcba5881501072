/// What the rounds of a wait have shown so far, and what follows from it. No effects but a look at the clock.
struct ReadinessRounds: Sendable {
  /// What to do about a failure that is not final.
  enum Step: Sendable {
    case goOn
    case repair
  }

  private enum Repair {
    case untried
    case done
    case impossible
  }

  private let subject: String
  private let pace: ReadinessWait.Pace
  private var last: ProbeFailure?
  private var streak = 0
  private var streakStart = SuspendingClock.now
  private var firstLook: ServerReport?
  private var repair = Repair.untried
  private var stage = 0
  /// Whether the last failure shows the server further along than any before: worth a quick next look.
  private(set) var hasAdvanced = false

  init(subject: String, pace: ReadinessWait.Pace) {
    self.subject = subject
    self.pace = pace
  }

  /// Notes a report of the right server.
  /// - Returns: Whether it settles the wait; a first look does not where a second one is asked for.
  mutating func accept(_ report: ServerReport) -> Bool {
    defer { firstLook = report }
    streak = 0
    return pace.confirmAfter == nil || firstLook?.isSameRun(as: report) == true
  }

  /// Notes a failed attempt.
  /// - Throws: `ReadinessError` where it is final.
  mutating func note(
    _ failure: ProbeFailure, isLast: Bool, canRepair: Bool
  ) throws(ReadinessError) -> Step {
    firstLook = nil
    hasAdvanced = failure.stage > stage
    stage = max(stage, failure.stage)
    count(failure)
    // An attempt that the deadline cut short says less than the one before.
    if case .timedOut = failure, isLast, last != nil {} else { last = failure }
    switch failure {
    case .stranger, .wrongProtocol:
      if isPersistent { throw .stranger(subject: subject, failure: failure) }
    case .unproved:
      if isPersistent { throw .notReady(subject: subject, last: failure) }
    case .credentials, .missingDatabase, .unusableSettings:
      if canRepair, repair == .untried { return .repair }
      if repair == .done || isPersistent {
        throw .credentials(subject: subject, failure: failure)
      }
    case .exhausted:
      // Clients come and go; but a full server does not get ready by being asked.
      if isPersistent(pace.finalAfter * 10) { throw .exhausted(subject: subject, failure: failure) }
    case .unreachable, .starting, .rejected, .timedOut:
      break
    }
    return .goOn
  }

  private mutating func count(_ failure: ProbeFailure) {
    streak = failure == last ? streak + 1 : 1
    if streak == 1 { streakStart = .now }
  }

  /// Whether the last failure has come often enough, and for long enough, not to be a passing one.
  private var isPersistent: Bool { isPersistent(pace.finalAfter) }

  private func isPersistent(_ duration: Duration) -> Bool {
    streak >= pace.finalCount && streakStart.duration(to: .now) >= duration
  }

  /// Notes how the one repair ended.
  mutating func repaired(_ succeeded: Bool) {
    repair = succeeded ? .done : .impossible
    streak = 0
  }

  /// What it means that the process has ended: a stranger on its port explains it better than its exit code.
  func death(_ reason: String) -> ReadinessError {
    if case .stranger? = last, let last { return .stranger(subject: subject, failure: last) }
    return .died(subject: subject, reason: reason)
  }

  /// The error at the deadline.
  var expired: ReadinessError { .notReady(subject: subject, last: last) }
}

extension ProbeFailure {
  /// How far a server that gives this answer has come on its way to be ready.
  fileprivate var stage: Int {
    switch self {
    case .unreachable, .timedOut, .wrongProtocol, .stranger, .unproved: 0
    case .starting, .rejected, .exhausted: 1
    case .credentials, .missingDatabase, .unusableSettings: 2
    }
  }
}
