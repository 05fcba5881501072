import DrydockBase

/// One field of a schedule: what its numbers may be, and what they are called.
struct TimerField: Sendable {
  /// What it is called in messages.
  let name: String
  /// The numbers that it takes.
  let range: ClosedRange<Int>
  /// Names for the numbers, the first one for the lowest.
  var words: [String] = []
  /// Whether a range may end below its beginning and go round, as AWS has it.
  var wraps = false

  static let minute = TimerField(name: "minute", range: 0...59)
  static let hour = TimerField(name: "hour", range: 0...23)
  static let dayOfMonth = TimerField(name: "day of the month", range: 1...31)
  static let month = TimerField(name: "month", range: 1...12, words: months)
  static let year = TimerField(name: "year", range: 1970...2199)
  /// v2's: 1 for Sunday.
  static let weekday = TimerField(name: "day of the week", range: 1...7, words: weekdays)
  /// v3's: 0 for Sunday.
  static let weekdayFromZero = TimerField(name: "day of the week", range: 0...6, words: weekdays)

  static let months = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
  ]
  static let weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

  /// The same field with ranges that may go round.
  var wrapping: TimerField {
    var field = self
    field.wraps = true
    return field
  }

  /// The numbers that a field names: `*`, `3`, `1-5`, `*/15`, `10/20`, `1-30/2`, and lists of them.
  func numbers(_ text: String) throws(TimerScheduleError) -> Set<Int> {
    var numbers: Set<Int> = []
    for item in text.splitExactly(at: ",", omittingEmpty: false) {
      numbers.formUnion(try self.item(item))
    }
    return numbers
  }

  /// The numbers of one item of a list.
  func item(_ text: String) throws(TimerScheduleError) -> Set<Int> {
    let parts = text.splitExactly(at: "/", omittingEmpty: false)
    guard parts.count <= 2 else { throw refusal(of: text) }
    guard parts.count == 2 else { return Set(try span(parts[0], isOpen: false)) }
    guard let step = Self.decimal(parts[1]), step > 0 else {
      throw TimerScheduleError(
        "\(name): `\(text)` has no step", "a step is a number from 1 on: */15")
    }
    return Set(
      try span(parts[0], isOpen: true).enumerated().filter { $0.offset % step == 0 }.map(\.element))
  }

  /// A number, or a name of one.
  func number(_ text: String) throws(TimerScheduleError) -> Int {
    if let index = words.firstIndex(of: text.uppercased()) { return range.lowerBound + index }
    guard let number = Self.decimal(text) else { throw refusal(of: text) }
    guard range.contains(number) else {
      throw TimerScheduleError(
        "\(name): \(number) is not one of \(range.lowerBound) to \(range.upperBound)", hint)
    }
    return number
  }

  /// The numbers in their order. With a step behind it, a single one begins what goes on to the end.
  private func span(_ text: String, isOpen: Bool) throws(TimerScheduleError) -> [Int] {
    if text == "*" { return Array(range) }
    let ends = text.splitExactly(at: "-", omittingEmpty: false)
    guard ends.count <= 2 else { throw refusal(of: text) }
    let first = try number(ends[0])
    guard ends.count == 2 else { return isOpen ? Array(first...range.upperBound) : [first] }
    let last = try number(ends[1])
    if first <= last { return Array(first...last) }
    guard wraps else {
      throw TimerScheduleError("\(name): the range \(text) ends before it begins", nil)
    }
    return Array(first...range.upperBound) + Array(range.lowerBound...last)
  }

  private func refusal(of text: String) -> TimerScheduleError {
    TimerScheduleError(
      text.isEmpty ? "\(name): nothing is given" : "\(name): `\(text)` is not understood", hint)
  }

  private var hint: String? {
    guard let first = words.first, let last = words.last else { return nil }
    return "write \(range.lowerBound) to \(range.upperBound), or \(first) to \(last)"
  }

  /// At most four digits, which no field exceeds.
  static func decimal(_ text: String) -> Int? {
    guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return Int(text)
  }
}

/// Why a schedule cannot be read.
package struct TimerScheduleError: Error, Sendable, Hashable {
  /// What is wrong.
  package var message: String
  /// What to write.
  package var suggestion: String?

  init(_ message: String, _ suggestion: String?) {
    self.message = message
    self.suggestion = suggestion
  }
}
