/// How a zone's clocks change every year: the last line of its file, as POSIX has it in TZ (`CET-1CEST,M3.5.0,M10.5.0/3`).
struct ZoneRule: Sendable, Hashable {
  /// A day of the year, and the local time at which clocks change on it.
  private struct Moment: Sendable, Hashable {
    enum Day: Sendable, Hashable {
      /// From 1 to 365; 29 February is never counted.
      case ofCommonYear(Int)
      /// From 0 to 365, 29 February included.
      case ofYear(Int)
      /// The nth of a weekday in a month, 5 for the last; Sunday is 0.
      case weekday(month: Int, week: Int, day: Int)
    }
    var day: Day
    /// Seconds from midnight; may be negative or of another day.
    var seconds: Int
  }

  /// A change of the clocks.
  struct Change: Sendable, Hashable {
    /// Seconds since 1970.
    var time: Int
    /// What holds from then on.
    var kind: ZoneFile.Kind
  }

  private let standard: ZoneFile.Kind
  private let daylight: ZoneFile.Kind
  private let begin: Moment
  private let end: Moment

  /// Reads a rule; nil for a zone whose clocks do not change, and for what is no rule.
  init?(_ text: String) {
    var words = Words(text)
    guard let standardName = words.name(), let west = words.time(), let daylightName = words.name() else {
      return nil
    }
    let further = words.isAt(",") ? west - 3600 : words.time()
    guard let further, words.take(","), let begin = Self.moment(&words), words.take(","),
      let end = Self.moment(&words)
    else { return nil }
    standard = ZoneFile.Kind(offset: -west, isDaylight: false, abbreviation: standardName)
    daylight = ZoneFile.Kind(offset: -further, isDaylight: true, abbreviation: daylightName)
    self.begin = begin
    self.end = end
  }

  private static func moment(_ words: inout Words) -> Moment? {
    let day: Moment.Day
    if words.take("M") {
      guard let month = words.number(), words.take("."), let week = words.number(), words.take("."),
        let weekday = words.number(), (1...12).contains(month), (1...5).contains(week),
        (0...6).contains(weekday)
      else { return nil }
      day = .weekday(month: month, week: week, day: weekday)
    } else {
      let isCommon = words.take("J")
      guard let number = words.number(), (0...365).contains(number) else { return nil }
      day = isCommon ? .ofCommonYear(number) : .ofYear(number)
    }
    guard words.take("/") else { return Moment(day: day, seconds: 7200) }
    return words.time().map { Moment(day: day, seconds: $0) }
  }

  /// The changes after a time, and after 1970, to the end of a year, in order.
  func changes(after time: Int, through last: Int) -> [Change] {
    let first = 1970 + max(0, time) / (366 * 86_400)
    guard first <= last else { return [] }
    return (first...last).flatMap { year in
      [
        Change(time: Self.time(begin, in: year) - standard.offset, kind: daylight),
        Change(time: Self.time(end, in: year) - daylight.offset, kind: standard),
      ].sorted { $0.time < $1.time }
    }.filter { $0.time > time }
  }

  private static func time(_ moment: Moment, in year: Int) -> Int {
    let first = days(to: year, month: 1)
    let day =
      switch moment.day {
      case .ofYear(let number): first + number
      case .ofCommonYear(let number):
        first + number - 1 + (number > 59 ? days(to: year, month: 3) - first - 59 : 0)
      case .weekday(let month, let week, let weekday): dayOf(weekday, week, month, year)
      }
    return day * 86_400 + moment.seconds
  }

  private static func dayOf(_ weekday: Int, _ week: Int, _ month: Int, _ year: Int) -> Int {
    let first = days(to: year, month: month)
    let next = month == 12 ? days(to: year + 1, month: 1) : days(to: year, month: month + 1)
    // 1970 began on a Thursday.
    let found = first + ((weekday - (first + 4)) % 7 + 7) % 7 + (week - 1) * 7
    return found < next ? found : found - 7
  }

  /// Days from the beginning of 1970 to that of a month.
  private static func days(to year: Int, month: Int) -> Int {
    let lengths = [
      31, year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28, 31, 30, 31, 30, 31, 31,
    ]
    let before = (lengths + [30, 31, 30, 31]).prefix(month - 1).reduce(0, +)
    let years = year - 1
    return 365 * (year - 1970) + (years / 4 - 492) - (years / 100 - 19) + (years / 400 - 4) + before
  }
}

/// Reads a rule's words.
private struct Words {
  private var rest: Substring

  init(_ text: String) { rest = text[...].drop { $0.isWhitespace || $0.isNewline } }

  func isAt(_ character: Character) -> Bool { rest.first == character }

  mutating func take(_ character: Character) -> Bool {
    guard isAt(character) else { return false }
    rest.removeFirst()
    return true
  }

  mutating func number() -> Int? {
    let digits = rest.prefix { $0.isNumber && $0.isASCII }
    rest = rest.dropFirst(digits.count)
    return digits.count <= 4 ? Int(digits) : nil
  }

  /// `CET`, or `<+03>`.
  mutating func name() -> String? {
    if take("<") {
      let name = rest.prefix { $0 != ">" }
      rest = rest.dropFirst(name.count)
      return take(">") && !name.isEmpty ? String(name) : nil
    }
    let name = rest.prefix { $0.isLetter && $0.isASCII }
    rest = rest.dropFirst(name.count)
    return name.isEmpty ? nil : String(name)
  }

  /// Hours, minutes and seconds, with a sign perhaps, in seconds.
  mutating func time() -> Int? {
    let isNegative = take("-")
    if !isNegative { _ = take("+") }
    guard let hours = number() else { return nil }
    var seconds = hours * 3600
    for unit in [60, 1] where take(":") {
      guard let number = number() else { return nil }
      seconds += number * unit
    }
    return isNegative ? -seconds : seconds
  }
}
