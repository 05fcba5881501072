import Essentials

/// How a clock on the wall differs from UTC.
struct LocalTime: Sendable {
  /// The difference at a moment, in seconds, positive east of Greenwich.
  private let difference: @Sendable (Date) -> Int

  /// - Parameter difference: In seconds, positive east of Greenwich.
  init(_ difference: @escaping @Sendable (Date) -> Int) { self.difference = difference }

  /// No difference.
  static let utc = LocalTime { _ in 0 }

  /// The machine's own, by the C library: the essential part of Foundation knows no zones.
  static let current = LocalTime { date in
    var seconds = time_t(date.timeIntervalSince1970)
    var parts = tm()
    return localtime_r(&seconds, &parts) == nil ? 0 : parts.tm_gmtoff
  }

  /// The difference at a moment, in seconds, positive east of Greenwich.
  func offset(at date: Date) -> Int { difference(date) }
}
