/// How the values of options are written, by their bytes.
///
/// Not as regular expressions, which are compiled each time they are looked at: a tenth of the time of `drydock env`.
enum OptionForm {
  /// Digits, and after them any number of `.` or `-`, each with letters, digits or underscores: `12`, `10.3.8`,
  /// `5.7.44-RDS.20240408`.
  static func isVersion(_ value: String) -> Bool {
    let parts = value.utf8.split(omittingEmptySubsequences: false) { $0 == point || $0 == dash }
    guard let first = parts.first, !first.isEmpty, first.allSatisfy(isDigit) else { return false }
    return parts.dropFirst().allSatisfy { part in
      !part.isEmpty && part.allSatisfy { isDigit($0) || isLetter($0) || $0 == underscore }
    }
  }

  /// A family with its generation, a point and a size: `db.t3.micro`, `cache.r7gd.16xlarge`.
  ///
  /// Generations come, so that a class that is not known here is no error: a letter for the family, a number for its
  /// generation, up to four letters for the kind of processor, and a size.
  static func isInstanceClass(_ value: String, prefix: String) -> Bool {
    let bytes = Array(value.utf8)
    guard bytes.starts(with: Array(prefix.utf8)) else { return false }
    let parts = bytes.dropFirst(prefix.utf8.count).split(
      separator: point, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, isFamily(Array(parts[0])) else { return false }
    return isSize(Array(parts[1]))
  }

  /// Three or four octal digits.
  static func isPermissions(_ value: String) -> Bool {
    (3...4).contains(value.utf8.count) && value.utf8.allSatisfy { (0x30...0x37).contains($0) }
  }

  /// The two times of `hh24:mi-hh24:mi` in minutes since midnight; nil where it is not that.
  static func window(_ value: String) -> (start: Int, end: Int)? {
    let bytes = Array(value.utf8)
    guard bytes.count == 11, bytes[5] == dash, let start = time(bytes[..<5]), let end = time(bytes[6...])
    else {
      return nil
    }
    return (start, end)
  }

  private static let point = UInt8(ascii: ".")
  private static let dash = UInt8(ascii: "-")
  private static let underscore = UInt8(ascii: "_")

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private static func isSmallLetter(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x7A }

  private static func isLetter(_ byte: UInt8) -> Bool { isSmallLetter(byte | 0x20) }

  /// `t1` to `t4`, with a `g` behind or not; else one of five letters, 1 to 8, and up to four letters.
  private static func isFamily(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 2 else { return false }
    let (generation, kind) = (Int(bytes[1]) - 0x30, bytes.dropFirst(2))
    if bytes[0] == UInt8(ascii: "t") {
      return (1...4).contains(generation) && (kind.isEmpty || Array(kind) == [UInt8(ascii: "g")])
    }
    return Array("mrcxz".utf8).contains(bytes[0]) && (1...8).contains(generation) && kind.count <= 4
      && kind.allSatisfy(isSmallLetter)
  }

  /// A word, or up to two digits before `xlarge`.
  private static func isSize(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    if ["micro", "small", "medium", "large", "metal"].contains(text) { return true }
    let digits = bytes.prefix(while: isDigit)
    return digits.count <= 2 && Array(bytes.dropFirst(digits.count)) == Array("xlarge".utf8)
  }

  /// `00:00` to `23:59` in minutes.
  private static func time(_ bytes: ArraySlice<UInt8>) -> Int? {
    let digits = [0, 1, 3, 4].map { bytes[bytes.startIndex + $0] }
    guard bytes[bytes.startIndex + 2] == UInt8(ascii: ":"), digits.allSatisfy(isDigit) else { return nil }
    let numbers = digits.map { Int($0) - 0x30 }
    let (hour, minute) = (numbers[0] * 10 + numbers[1], numbers[2] * 10 + numbers[3])
    return hour < 24 && minute < 60 ? hour * 60 + minute : nil
  }
}
