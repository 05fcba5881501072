import DrydockBase

/// What may be set in an app env, and what is better not.
package enum AppEnvironmentRules {
  /// The most bytes of a line: a rack's reader gives up at a longer one, and with it at the whole app env.
  package static let longestLine = 65_535

  /// Why a value cannot be set, in words that complete "KEY ..."; nil where it can.
  package static func obstacle(name: String, value: String) -> String? {
    if !VariableName.isPossible(name) {
      return "is no name for a variable: a letter or '_' comes first, then letters, digits, '_', '.' and '-'"
    }
    if value.utf8.contains(0) { return "contains a NUL, which no variable can hold" }
    return isTooLong(name, value)
      ? "has a line of 64 KiB or more, at which a rack stops reading the app env" : nil
  }

  /// What to say of a value although it can be set; nil for nothing.
  package static func warning(name: String, value: String) -> String? {
    if value.utf8.contains(UInt8(ascii: "\n")) {
      return
        "\(name) has more than one line: a rack reads the app env line by line, and would keep the first one only; "
        + "encode it, as base64 does"
    }
    return VariableName.isPortable(name) ? nil : "\(name) is no name that a shell can use"
  }

  /// The first name, sorted, of which a line is too long for a rack.
  package static func overlongName(in environment: AppEnvironment) -> String? {
    environment.values.filter { isTooLong($0.key, $0.value) }.keys.min()
  }

  private static func isTooLong(_ name: String, _ value: String) -> Bool {
    guard name.utf8.count + 1 + value.utf8.count > longestLine else { return false }
    return "\(name)=\(value)".utf8.split(separator: UInt8(ascii: "\n")).contains { $0.count > longestLine }
  }
}
