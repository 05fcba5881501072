import Foundation
import Testing

@testable import ConvoxManifest

/// Seconds since 1970 of `2024-02-29 12:30` in UTC.
func moment(_ text: String) throws -> Int {
  let parts = text.split { !$0.isNumber }.compactMap { Int($0) }
  try #require(parts.count == 5)
  return CivilDate(year: parts[0], month: parts[1], day: parts[2]).dayNumber * 86_400 + parts[3] * 3600
    + parts[4] * 60
}

/// The moment in the same form.
func written(_ moment: Int) -> String { String(TimerSchedule.text(ofMoment: moment).dropFirst(4)) }

@Suite("Schedules of timers")
struct TimerScheduleTests {
  private static let start = "2024-02-27 10:15"

  private func runs(_ text: String, _ dialect: TimerSchedule.Dialect = .v2, after start: String = start)
    throws
    -> [String]
  {
    try TimerSchedule(text, as: dialect).next(3, after: moment(start)).map(written)
  }

  @Test(
    "v2: six fields, the last one the year, Sunday is 1",
    arguments: [
      ("0 3 * * ?", ["2024-02-28 03:00", "2024-02-29 03:00", "2024-03-01 03:00"]),
      ("15 10 * * ?", ["2024-02-28 10:15", "2024-02-29 10:15", "2024-03-01 10:15"]),
      ("*/20 * * * ?", ["2024-02-27 10:20", "2024-02-27 10:40", "2024-02-27 11:00"]),
      ("5/25 10 * * ?", ["2024-02-27 10:30", "2024-02-27 10:55", "2024-02-28 10:05"]),
      ("0 12 ? * 1", ["2024-03-03 12:00", "2024-03-10 12:00", "2024-03-17 12:00"]),
      ("0 12 ? * MON-WED *", ["2024-02-27 12:00", "2024-02-28 12:00", "2024-03-04 12:00"]),
      ("0 12 ? * FRI-SUN", ["2024-03-01 12:00", "2024-03-02 12:00", "2024-03-03 12:00"]),
      ("0 22-1 * * ?", ["2024-02-27 22:00", "2024-02-27 23:00", "2024-02-28 00:00"]),
      ("0 0 29 2 ?", ["2024-02-29 00:00", "2028-02-29 00:00", "2032-02-29 00:00"]),
      ("0 0 29 FEB ? 2097-2104", ["2104-02-29 00:00"]),
      ("0 0 L * ?", ["2024-02-29 00:00", "2024-03-31 00:00", "2024-04-30 00:00"]),
      ("0 0 LW * ?", ["2024-02-29 00:00", "2024-03-29 00:00", "2024-04-30 00:00"]),
      ("0 0 1W * ?", ["2024-03-01 00:00", "2024-04-01 00:00", "2024-05-01 00:00"]),
      ("0 0 1W 6,9 ?", ["2024-06-03 00:00", "2024-09-02 00:00", "2025-06-02 00:00"]),
      ("0 0 31W 3,8 ?", ["2024-03-29 00:00", "2024-08-30 00:00", "2025-03-31 00:00"]),
      ("0 0 ? * L", ["2024-03-02 00:00", "2024-03-09 00:00", "2024-03-16 00:00"]),
      ("0 0 ? * 6L", ["2024-03-29 00:00", "2024-04-26 00:00", "2024-05-31 00:00"]),
      ("0 0 ? * FRI#3", ["2024-03-15 00:00", "2024-04-19 00:00", "2024-05-17 00:00"]),
      ("0 0 ? * 2#5", ["2024-04-29 00:00", "2024-07-29 00:00", "2024-09-30 00:00"]),
      ("59 23 31 12 ? 2199", ["2199-12-31 23:59"]), ("0 0 * * ? 2023", []), ("0 0 30 2 ?", []),
      ("0 0 1 1 ? */100", ["2070-01-01 00:00", "2170-01-01 00:00"]),
    ])
  func aws(_ text: String, _ expected: [String]) throws {
    #expect(try runs(text) == expected)
  }

  @Test(
    "v3: five fields, Sunday is 0, either of the two days",
    arguments: [
      ("0 3 * * *", ["2024-02-28 03:00", "2024-02-29 03:00", "2024-03-01 03:00"]),
      ("0 3 * * ? 2050", ["2024-02-28 03:00", "2024-02-29 03:00", "2024-03-01 03:00"]),
      ("0 12 ? * 1", ["2024-03-04 12:00", "2024-03-11 12:00", "2024-03-18 12:00"]),
      ("0 12 1 * 0", ["2024-03-01 12:00", "2024-03-03 12:00", "2024-03-10 12:00"]),
      ("0  12   1 * sun", ["2024-03-01 12:00", "2024-03-03 12:00", "2024-03-10 12:00"]),
    ])
  func kubernetes(_ text: String, _ expected: [String]) throws {
    #expect(try runs(text, .v3) == expected)
  }

  @Test(
    "What v2 refuses, and why",
    arguments: [
      ("", "invalid schedule expression: "), ("daily", "invalid schedule expression: daily"),
      ("0 3 * * ? * *", "invalid schedule expression: 0 3 * * ? * *"),
      ("0  3 * * ?", "hour: nothing is given"),
      ("60 3 * * ?", "minute: 60 is not one of 0 to 59"), ("0 24 * * ?", "hour: 24 is not one of 0 to 23"),
      ("0 3 0 * ?", "day of the month: 0 is not one of 1 to 31"),
      ("0 3 * 13 ?", "month: 13 is not one of 1 to 12"),
      ("0 3 ? * 0", "day of the week: 0 is not one of 1 to 7"),
      ("0 3 ? * 8", "day of the week: 8 is not one of 1 to 7"),
      ("0 3 * * ? 1969", "year: 1969 is not one of 1970 to 2199"),
      ("0 3 ? * SON", "day of the week: `SON` is not understood"),
      ("*/0 * * * ?", "minute: `*/0` has no step"), ("1/2/3 * * * ?", "minute: `1/2/3` is not understood"),
      ("1-2-3 * * * ?", "minute: `1-2-3` is not understood"), (", * * * ?", "minute: nothing is given"),
      ("-1 * * * ?", "minute: nothing is given"), ("0 3 ? * 2#6", "day of the week: `2#6` is not understood"),
      ("0 3 ? * 2#1,3#1", "day of the week: `2#1,3#1` is not understood"),
      ("0 3 * * ? 2030-2020", "year: the range 2030-2020 ends before it begins"),
      ("0 3 * * *", "the day of the month or the day of the week has to be `?`, and not both"),
      ("0 3 ? * ?", "the day of the month or the day of the week has to be `?`, and not both"),
      ("0 3 1 * 2", "the day of the month or the day of the week has to be `?`, and not both"),
      ("0 0 3 * * ?", "the sixth field is the year, and no line begins with seconds"),
      ("٣ * * * ?", "minute: `٣` is not understood"),
    ])
  func refused(_ text: String, _ message: String) {
    let error = #expect(throws: TimerScheduleError.self) { try TimerSchedule(text, as: .v2) }
    #expect(error?.message == message)
  }

  @Test(
    "What to write instead",
    arguments: [
      ("0 3 * * *", "write \"0 3 * * ?\""), ("0 3 ? * ?", "write \"0 3 * * ?\""),
      ("0 3 * * MON", "write \"0 3 ? * MON\""), ("0 3 1 * *", "write \"0 3 1 * ?\""), ("0 3 1 * MON", nil),
      ("0 3 * * * 2030", "write \"0 3 * * ? 2030\""), ("0 0 3 * * ?", "write \"0 3 * * ?\""),
    ] as [(String, String?)])
  func remedy(_ text: String, _ suggestion: String?) {
    let error = #expect(throws: TimerScheduleError.self) { try TimerSchedule(text, as: .v2) }
    #expect(error?.suggestion == suggestion)
  }

  @Test("Where v2 refuses a line, v3 decides") func fallback() throws {
    #expect(try TimerSchedule("0 3 * * *").dialect == .v3 && TimerSchedule("0 3 * * ?").dialect == .v2)
    let error = #expect(throws: TimerScheduleError.self) { try TimerSchedule("0 99 * * *") }
    #expect(error?.message == "hour: 99 is not one of 0 to 23")
  }

  @Test(
    "What surprises about a line",
    arguments: [
      ("0 3 * * ?", []), ("0 3 ? * MON-FRI", []), ("* * * * ?", []), ("0 0 L * ?", []),
      (
        "0 3 * * *",
        [
          "AWS rejects the schedule 0 3 * * *: the day of the month or the day of the week has to be `?`, and not both; "
            + "drydock runs it as a v3 rack does > write \"0 3 * * ?\""
        ]
      ),
      (
        "0 3 ? * 2-6",
        [
          "v2 and v3 racks read the day of the week `2-6` differently: 1 is Sunday on v2, and Monday on v3 "
            + "> write names: MON-FRI"
        ]
      ),
      ("0 3 ? * 7", []),
      ("0 3 * * ? 2030", ["a v3 rack leaves out the year `2030`, and runs it every year"]),
      (
        "* 3 * * ?",
        ["the minute is `*`: it runs every minute of the hours `3` > for once an hour write 0 in its place"]
      ),
    ])
  func surprises(_ text: String, _ expected: [String]) {
    let found = TimerSchedule.surprises(text).map { surprise in
      surprise.message + (surprise.suggestion.map { " > \($0)" } ?? "")
    }
    #expect(found == expected)
  }

  @Test("A moment for people") func forPeople() throws {
    #expect(TimerSchedule.text(ofMoment: try moment("2024-02-29 03:05")) == "Thu 2024-02-29 03:05")
    #expect(TimerSchedule.text(ofMoment: 0) == "Thu 1970-01-01 00:00")
  }

  @Test("A date by arithmetic is the calendar's", arguments: [1900, 1969, 1999, 2024, 2100, 2199])
  func dates(year: Int) throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    let first = CivilDate(year: year, month: 1, day: 1).dayNumber
    for number in first..<first + 366 {
      let date = CivilDate(dayNumber: number)
      let parts = calendar.dateComponents(
        [.year, .month, .day, .weekday], from: Date(timeIntervalSince1970: Double(number) * 86_400))
      #expect(date.dayNumber == number && date.year == parts.year && date.month == parts.month)
      #expect(date.day == parts.day && date.weekday + 1 == parts.weekday)
    }
  }
}

/// Lines made at random from a seed against a look at every minute.
@Suite("Schedules at random")
struct RandomScheduleTests {
  /// A field as a text and as the numbers that it was made from.
  private struct Field {
    var text: String
    var numbers: Set<Int>
  }

  private func field(_ range: ClosedRange<Int>, _ generator: inout SeededGenerator) -> Field {
    func number() -> Int { Int.random(in: range, using: &generator) }
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: return Field(text: "*", numbers: Set(range))
    case 1:
      let step = Int.random(in: 1...20, using: &generator)
      return Field(
        text: "*/\(step)", numbers: Set(stride(from: range.lowerBound, through: range.upperBound, by: step)))
    case 2:
      let (first, step) = (number(), Int.random(in: 1...9, using: &generator))
      return Field(
        text: "\(first)/\(step)", numbers: Set(stride(from: first, through: range.upperBound, by: step)))
    case 3:
      let ends = [number(), number()].sorted()
      return Field(text: "\(ends[0])-\(ends[1])", numbers: Set(ends[0]...ends[1]))
    case 4:
      let list = (0..<3).map { _ in number() }
      return Field(text: list.map(String.init).joined(separator: ","), numbers: Set(list))
    default:
      let one = number()
      return Field(text: "\(one)", numbers: [one])
    }
  }

  @Test("The next run is the first minute that fits", arguments: 0..<40)
  func naive(round: Int) throws {
    var generator = SeededGenerator(seed: UInt64(round) &* 7919 + 1)
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    for _ in 0..<20 {
      let minute = field(0...59, &generator)
      let hour = field(0...23, &generator)
      let month = field(1...12, &generator)
      let byWeek = Bool.random(using: &generator)
      let day = byWeek ? field(1...7, &generator) : field(1...31, &generator)
      let days = byWeek ? "? \(month.text) \(day.text)" : "\(day.text) \(month.text) ?"
      let text = "\(minute.text) \(hour.text) \(days)"
      let start = Int.random(in: 0...4_000_000_000, using: &generator)
      let found = try TimerSchedule(text, as: .v2).next(after: start)
      let expected = first(after: start, withinDays: 500) { moment in
        let time = moment % 86_400 / 60
        return minute.numbers.contains(time % 60) && hour.numbers.contains(time / 60)
      } onDay: { date in
        let parts = calendar.dateComponents([.month, .day, .weekday], from: date)
        return month.numbers.contains(parts.month ?? 0)
          && day.numbers.contains((byWeek ? parts.weekday : parts.day) ?? 0)
      }
      if let expected {
        #expect(found == expected, "\(text) after \(start)")
      } else {
        #expect(found.map { $0 > start + 499 * 86_400 } ?? true, "\(text) after \(start)")
      }
    }
  }

  /// The first whole minute after a moment that fits; whole days that do not are passed over.
  private func first(
    after start: Int, withinDays days: Int, _ fits: (Int) -> Bool, onDay isDay: (Date) -> Bool
  ) -> Int? {
    var moment = start / 60 * 60 + 60
    while moment < start + days * 86_400 {
      let end = (moment / 86_400 + 1) * 86_400
      if isDay(Date(timeIntervalSince1970: Double(moment))) {
        while moment < end {
          if fits(moment) { return moment }
          moment += 60
        }
      }
      moment = end
    }
    return nil
  }

  @Test("Whatever a line is, it is read or refused, and what it gives comes later", arguments: 0..<20)
  func garbage(round: Int) {
    var generator = SeededGenerator(seed: UInt64(round) + 77)
    let pieces = [
      "*", "?", "/", "-", ",", "#", "L", "W", "LW", "0", "1", "7", "31", "59", "60", "2024", "99999", "SUN",
      "jan",
      " ", " ", " ", " ", "\t", "é", "*/5", "1-5", "6#3", "@daily", "-1", "2030",
    ]
    for _ in 0..<500 {
      let text = (0..<Int.random(in: 0...16, using: &generator)).map { _ in
        pieces[Int.random(in: 0..<pieces.count, using: &generator)]
      }.joined()
      _ = TimerSchedule.surprises(text)
      for dialect in TimerSchedule.Dialect.allCases {
        guard let schedule = try? TimerSchedule(text, as: dialect) else { continue }
        let start = Int.random(in: -1_000_000_000...9_000_000_000, using: &generator)
        let runs = schedule.next(3, after: start)
        #expect(runs == runs.sorted() && Set(runs).count == runs.count)
        #expect(runs.allSatisfy { $0 > start && $0 % 60 == 0 })
      }
    }
  }
}
