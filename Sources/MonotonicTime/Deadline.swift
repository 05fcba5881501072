/// A point on the monotonic clock by which something has to be done.
///
/// The clock is the suspending one: a laptop that sleeps, or a wall clock that jumps, uses up none of the time.
public struct Deadline: Sendable, Hashable, Comparable {
  /// The moment itself.
  public let instant: SuspendingClock.Instant

  /// A deadline at a given moment.
  public init(_ instant: SuspendingClock.Instant) {
    self.instant = instant
  }

  /// A deadline that lies `duration` after now.
  public static func after(_ duration: Duration) -> Deadline {
    Deadline(SuspendingClock.now.advanced(by: duration))
  }

  /// How long there is left; zero once the deadline has passed.
  public var remaining: Duration {
    max(.zero, SuspendingClock.now.duration(to: instant))
  }

  /// Whether the deadline has passed.
  public var hasPassed: Bool { SuspendingClock.now >= instant }

  /// The earlier of this deadline and one that lies `duration` after now.
  public func capped(at duration: Duration) -> Deadline {
    min(self, .after(duration))
  }

  /// Orders deadlines by time.
  public static func < (left: Deadline, right: Deadline) -> Bool {
    left.instant < right.instant
  }
}
