import DrydockBase

/// Which days a schedule names by their number in the month.
struct TimerMonthDays: Sendable, Hashable {
  /// By number.
  var numbers: Set<Int> = []
  /// `L`: the last one.
  var isLast = false
  /// `LW`: the last one that is neither Saturday nor Sunday.
  var isLastWeekday = false
  /// `15W`: the day from Monday to Friday that is nearest to the 15th, in the same month.
  var nearest: Set<Int> = []

  /// Reads the field as AWS does.
  init(_ text: String) throws(TimerScheduleError) {
    let field = TimerField.dayOfMonth.wrapping
    for item in text.splitExactly(at: ",", omittingEmpty: false) {
      switch item.uppercased() {
      case "L": isLast = true
      case "LW": isLastWeekday = true
      case let word where word.hasSuffix("W"):
        nearest.insert(try field.number(String(word.dropLast())))
      default: numbers.formUnion(try field.item(item))
      }
    }
  }

  func holds(_ date: CivilDate) -> Bool {
    if numbers.contains(date.day) { return true }
    let last = date.daysInMonth
    if isLast, date.day == last { return true }
    if isLastWeekday, date.day == Self.weekday(nearestTo: last, in: date) { return true }
    return nearest.contains { $0 <= last && Self.weekday(nearestTo: $0, in: date) == date.day }
  }

  /// The day from Monday to Friday that is nearest to a day of the date's month.
  private static func weekday(nearestTo day: Int, in date: CivilDate) -> Int {
    switch CivilDate(year: date.year, month: date.month, day: day).weekday {
    case 6: day == 1 ? 3 : day - 1
    case 0: day == date.daysInMonth ? day - 2 : day + 1
    default: day
    }
  }
}

/// Which days a schedule names by the week.
struct TimerWeekDays: Sendable, Hashable {
  /// 0 for Sunday to 6.
  var numbers: Set<Int> = []
  /// `6L`: the last Friday of the month.
  var last: Set<Int> = []
  /// `6#3`: the third Friday of the month.
  var third: Nth?

  /// A weekday by its number within the month.
  struct Nth: Sendable, Hashable {
    var weekday: Int
    var number: Int
  }

  /// Reads the field as AWS does: 1 is Sunday.
  init(_ text: String) throws(TimerScheduleError) {
    let field = TimerField.weekday.wrapping
    if let (head, tail) = text.pairExactly(at: "#") {
      guard let number = TimerField.decimal(tail), (1...5).contains(number) else {
        throw TimerScheduleError(
          "\(field.name): `\(text)` is not understood",
          "write 6#3 for the third Friday; nothing else besides it")
      }
      third = Nth(weekday: try field.number(head) - 1, number: number)
      return
    }
    for item in text.splitExactly(at: ",", omittingEmpty: false) {
      let word = item.uppercased()
      if word == "L" {
        numbers.insert(6)
      } else if word.hasSuffix("L") {
        last.insert(try field.number(String(word.dropLast())) - 1)
      } else {
        numbers.formUnion(try field.item(item).map { $0 - 1 })
      }
    }
  }

  /// Reads the field as a v3 rack does: 0 is Sunday.
  init(fromZero text: String) throws(TimerScheduleError) {
    numbers = try TimerField.weekdayFromZero.numbers(text)
  }

  func holds(_ date: CivilDate) -> Bool {
    let weekday = date.weekday
    if numbers.contains(weekday) { return true }
    if last.contains(weekday), date.day + 7 > date.daysInMonth { return true }
    return third.map { $0.weekday == weekday && (date.day + 6) / 7 == $0.number } ?? false
  }
}
