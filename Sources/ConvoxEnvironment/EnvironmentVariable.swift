/// A variable as a process gets it.
package struct EnvironmentVariable: Sendable, Hashable, Codable {
  package var name: String
  /// The value, which may be empty.
  package var value: String

  /// A variable with its value.
  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

extension [EnvironmentVariable] {
  /// The variables of a dictionary, sorted by name, byte by byte.
  init(sorting values: [String: String]) {
    self = values.map { EnvironmentVariable(name: $0, value: $1) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}

/// What a variable may be called.
enum VariableName {
  /// Whether every shell can set it: letters, digits and underscores of ASCII, no digit in front (POSIX, "Name").
  static func isPortable(_ name: String) -> Bool {
    guard let first = name.utf8.first, !isDigit(first) else { return false }
    return name.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
  }

  /// Whether a process can be given it by any way to run it: as Kubernetes has it, without the dash in front.
  static func isPossible(_ name: String) -> Bool {
    let others = name.utf8.filter { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "-") }
    guard let first = name.utf8.first, isLetter(first) || first == UInt8(ascii: "_") else { return false }
    return isPortable(String(decoding: others, as: UTF8.self))
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
