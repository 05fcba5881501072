/// When a replica that has ended is started again: after a pause that doubles from a second to half a minute, and begins
/// anew once a replica was up for half a minute.
struct RestartPolicy: Sendable {
  /// The first pause.
  static let shortest = Duration.seconds(1)
  /// The longest pause, and how long a replica has to be up for the pauses to begin anew.
  static let longest = Duration.seconds(30)
  /// So many ends in a minute are a crash loop.
  static let crashes = 5

  private var pause = Self.shortest
  private var ends: [SuspendingClock.Instant] = []

  /// What follows an end.
  struct Verdict: Sendable, Hashable {
    /// How long to wait.
    var pause: Duration
    /// Whether it is a crash loop by now.
    var isCrashLoop: Bool
  }

  /// Notes an end.
  /// - Parameters:
  ///   - uptime: How long the replica was up.
  ///   - now: When it ended.
  mutating func next(after uptime: Duration, now: SuspendingClock.Instant) -> Verdict {
    if uptime >= Self.longest {
      pause = Self.shortest
      ends = []
    }
    ends = ends.filter { $0.duration(to: now) < .seconds(60) } + [now]
    defer { pause = min(pause * 2, Self.longest) }
    return Verdict(pause: pause, isCrashLoop: ends.count >= Self.crashes)
  }
}
