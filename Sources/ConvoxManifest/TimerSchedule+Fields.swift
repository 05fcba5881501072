import DrydockBase

extension TimerSchedule {
  /// A moment in seconds since 1970 for people: `Thu 2024-02-29 03:00`.
  package static func text(ofMoment moment: Int) -> String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = CivilDate(dayNumber: moment / 86_400)
    let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][date.weekday]
    let time = moment % 86_400 / 60
    return "\(day) \(date.year)-\(two(date.month))-\(two(date.day)) \(two(time / 60)):\(two(time % 60))"
  }

  /// The fields of a line, six for v2 and five for v3.
  static func fields(_ text: String, _ dialect: Dialect) throws(TimerScheduleError) -> [String] {
    switch dialect {
    case .v2:
      let fields = text.splitExactly(at: " ", omittingEmpty: false)
      guard [5, 6].contains(fields.count) else { throw wrongCount(text) }
      return fields.count == 5 ? fields + ["*"] : fields
    case .v3:
      let fields = text.splitExactly(at: " ").prefix(5).map { $0 == "?" ? "*" : $0 }
      guard fields.count == 5 else { throw wrongCount(text) }
      return fields
    }
  }

  private static func wrongCount(_ text: String) -> TimerScheduleError {
    TimerScheduleError(
      "invalid schedule expression: \(text)",
      "write five or six fields, one space between: minute hour day month weekday [year]")
  }

  /// The line with a `?` where AWS wants one, where that is plain.
  static func withQuestionMark(_ fields: [String]) -> String? {
    var fields = fields
    if ["*", "?"].contains(fields[4]) {
      if fields[2] == "?" { fields[2] = "*" }
      fields[4] = "?"
    } else if fields[2] == "*" {
      fields[2] = "?"
    } else {
      return nil
    }
    if fields[5] == "*" { fields.removeLast() }
    return "write \"\(fields.joined(separator: " "))\""
  }

  /// What about a line would surprise somebody who wrote it, each with what to do: where a v2 and a v3 rack read it
  /// differently, and what is seldom meant.
  package static func surprises(_ text: String) -> [TimerScheduleError] {
    guard let fields = try? fields(text, .v2), let schedule = try? TimerSchedule(text) else {
      return []
    }
    var found: [TimerScheduleError] = []
    if schedule.dialect == .v3 {
      do {
        _ = try TimerSchedule(text, as: .v2)
      } catch {
        found.append(
          TimerScheduleError(
            "AWS rejects the schedule \(text): \(error.message); drydock runs it as a v3 rack does",
            error.suggestion))
      }
    } else if (try? TimerSchedule(text, as: .v3)) != nil {
      if fields[4].utf8.contains(where: { (0x30...0x39).contains($0) }) {
        found.append(
          TimerScheduleError(
            "v2 and v3 racks read the day of the week `\(fields[4])` differently: 1 is Sunday on v2, and Monday on v3",
            "write names: \(named(fields[4]) ?? "SUN to SAT")"))
      }
      if fields[5] != "*" {
        found.append(
          TimerScheduleError(
            "a v3 rack leaves out the year `\(fields[5])`, and runs it every year", nil))
      }
    }
    if fields[0] == "*", fields[1] != "*" {
      found.append(
        TimerScheduleError(
          "the minute is `*`: it runs every minute of the hours `\(fields[1])`",
          "for once an hour write 0 in its place"))
    }
    return found
  }

  /// A weekday field of v2 with names in place of numbers.
  private static func named(_ field: String) -> String? {
    guard !field.contains("/"), !field.contains("#"), !field.uppercased().contains("L") else {
      return nil
    }
    var text = ""
    for scalar in field.unicodeScalars {
      if let number = TimerField.decimal(String(scalar)) {
        guard TimerField.weekday.range.contains(number) else { return nil }
        text += TimerField.weekdays[number - 1]
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
