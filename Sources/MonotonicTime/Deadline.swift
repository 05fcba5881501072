/// A point on the monotonic clock by which something has to be done.
///
/// The clock is the suspending one: a laptop that sleeps, or a wall clock that jumps, uses up none of the time.
package struct Deadline: Sendable, Hashable, Comparable {
  /// The moment itself.
  package let instant: SuspendingClock.Instant

  /// A deadline at a given moment.
  package init(_ instant: SuspendingClock.Instant) {
    self.instant = instant
  }

  /// A deadline that lies `duration` after now.
  package static func after(_ duration: Duration) -> Deadline {
    Deadline(SuspendingClock.now.advanced(by: duration))
  }

  /// A year from now: for what only cancelling ends, as a person who thinks.
  package static var never: Deadline { .after(.seconds(365 * 24 * 3600)) }

  /// How long there is left; zero once the deadline has passed.
  package var remaining: Duration {
    max(.zero, SuspendingClock.now.duration(to: instant))
  }

  /// Whether the deadline has passed.
  package var hasPassed: Bool { SuspendingClock.now >= instant }

  /// The earlier of this deadline and one that lies `duration` after now.
  package func capped(at duration: Duration) -> Deadline {
    min(self, .after(duration))
  }

  /// The same deadline, later by some time in which nobody was to hurry.
  package func moved(by duration: Duration) -> Deadline { Deadline(instant.advanced(by: duration)) }

  /// Orders deadlines by time.
  package static func < (left: Deadline, right: Deadline) -> Bool {
    left.instant < right.instant
  }
}
