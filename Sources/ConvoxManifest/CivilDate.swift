/// A day of the Gregorian calendar, by arithmetic alone: schedules are in UTC, which has no changes of the clock.
struct CivilDate: Sendable, Hashable {
  let year: Int
  /// 1 to 12.
  let month: Int
  /// 1 to 31.
  let day: Int

  /// The days from the beginning of a March in years that begin with it, so that a leap day is the last one.
  private static func daysBefore(month: Int) -> Int { (153 * ((month + 9) % 12) + 2) / 5 }

  init(year: Int, month: Int, day: Int) {
    (self.year, self.month, self.day) = (year, month, day)
  }

  /// The day that is so many after 1970-01-01.
  init(dayNumber: Int) {
    // 719,468 days lie between 0000-03-01 and 1970-01-01; 400 years have 146,097.
    let shifted = dayNumber + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let ofEra = shifted - era * 146_097
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let index = (5 * ofYear + 2) / 153
    month = index < 10 ? index + 3 : index - 9
    day = ofYear - CivilDate.daysBefore(month: month) + 1
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// How many days it is after 1970-01-01.
  var dayNumber: Int {
    let years = month <= 2 ? year - 1 : year
    let era = (years >= 0 ? years : years - 399) / 400
    let ofEra = years - era * 400
    let ofYear = CivilDate.daysBefore(month: month) + day - 1
    return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
  }

  /// 0 for Sunday to 6; 1970-01-01 was a Thursday.
  var weekday: Int { ((dayNumber % 7) + 7 + 4) % 7 }

  /// How many days its month has.
  var daysInMonth: Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
