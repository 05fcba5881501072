import DrydockBase

/// When a timer runs, in UTC.
///
/// v2 hands the line to EventBridge as a cron expression of six fields, after a `*` for the year where there are five:
/// minute, hour, day of the month, month, day of the week (1 for Sunday), year. v3 makes a CronJob of the first five, in
/// which 0 is Sunday. drydock goes by v2, and by v3 where v2 would refuse the line.
package struct TimerSchedule: Sendable, Hashable {
  /// Whose reading of a line it is.
  package enum Dialect: Sendable, Hashable, CaseIterable {
    /// EventBridge's.
    case v2
    /// Kubernetes'.
    case v3
  }

  /// The line.
  package let text: String
  /// Whose reading it is.
  package let dialect: Dialect
  private let minutes: [Int]
  private let hours: [Int]
  private let months: Set<Int>
  private let years: Set<Int>
  /// Nil for any day.
  private let monthDays: TimerMonthDays?
  /// Nil for any day.
  private let weekDays: TimerWeekDays?

  /// Reads a line as drydock runs it: as v2 does, else as v3 does.
  /// - Throws: `TimerScheduleError` with v2's reason where both refuse it.
  package init(_ text: String) throws(TimerScheduleError) {
    do {
      try self.init(text, as: .v2)
    } catch {
      guard let other = try? TimerSchedule(text, as: .v3) else { throw error }
      self = other
    }
  }

  /// Reads a line as one of the two does.
  /// - Throws: `TimerScheduleError`.
  package init(_ text: String, as dialect: Dialect) throws(TimerScheduleError) {
    self.text = text
    self.dialect = dialect
    let fields = try Self.fields(text, dialect)
    // Of a round through midnight AWS's documents say nothing; its ancestor, Quartz, has it.
    func numbers(_ field: TimerField, _ index: Int) throws(TimerScheduleError) -> Set<Int> {
      try (dialect == .v2 ? field.wrapping : field).numbers(fields[index])
    }
    minutes = try numbers(.minute, 0).sorted()
    hours = try numbers(.hour, 1).sorted()
    months = try numbers(.month, 3)
    switch dialect {
    case .v2:
      guard fields[5] != "?" else {
        throw TimerScheduleError(
          "the sixth field is the year, and no line begins with seconds",
          "write \"\(fields.dropFirst().joined(separator: " "))\"")
      }
      guard (fields[2] == "?") != (fields[4] == "?") else {
        throw TimerScheduleError(
          "the day of the month or the day of the week has to be `?`, and not both",
          Self.withQuestionMark(fields))
      }
      monthDays = fields[2] == "?" ? nil : try TimerMonthDays(fields[2])
      weekDays = fields[4] == "?" ? nil : try TimerWeekDays(fields[4])
      years = try TimerField.year.numbers(fields[5])
    case .v3:
      let days = try TimerField.dayOfMonth.numbers(fields[2])
      let week = try TimerWeekDays(fromZero: fields[4])
      monthDays = fields[2] == "*" ? nil : TimerMonthDays(numbers: days)
      weekDays = fields[4] == "*" ? nil : week
      years = Set(TimerField.year.range)
    }
  }

  /// The first run after a moment, both in seconds since 1970; nil where there is none until the year 2199.
  package func next(after moment: Int) -> Int? {
    let minute = moment.dividing(by: 60) + 1
    var day = minute.dividing(by: 1440)
    var rest = minute - day * 1440
    // No schedule begins before 1970, nor ends after 2199, so that this ends too.
    if day < 0 { (day, rest) = (0, 0) }
    while true {
      let date = CivilDate(dayNumber: day)
      guard date.year <= TimerField.year.range.upperBound else { return nil }
      if !years.contains(date.year) {
        day = CivilDate(year: date.year + 1, month: 1, day: 1).dayNumber
      } else if !months.contains(date.month) {
        day += date.daysInMonth - date.day + 1
      } else if holds(date), let minute = firstMinute(from: rest) {
        return (day * 1440 + minute) * 60
      } else {
        day += 1
      }
      rest = 0
    }
  }

  /// The next runs after a moment, in seconds since 1970.
  package func next(_ count: Int, after moment: Int) -> [Int] {
    var runs: [Int] = []
    while runs.count < count, let run = next(after: runs.last ?? moment) { runs.append(run) }
    return runs
  }

  private func holds(_ date: CivilDate) -> Bool {
    guard let monthDays else { return weekDays?.holds(date) ?? true }
    guard let weekDays else { return monthDays.holds(date) }
    // Only v3 has both, and takes either.
    return monthDays.holds(date) || weekDays.holds(date)
  }

  /// The first minute of a day, from one on, that is wanted.
  private func firstMinute(from least: Int) -> Int? {
    for hour in hours where hour * 60 + 59 >= least {
      if let minute = minutes.first(where: { hour * 60 + $0 >= least }) {
        return hour * 60 + minute
      }
    }
    return nil
  }
}

extension TimerMonthDays {
  fileprivate init(numbers: Set<Int>) {
    self.numbers = numbers
  }
}

extension Int {
  /// The quotient rounded down, for moments before 1970.
  fileprivate func dividing(by divisor: Int) -> Int {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
