import DrydockBase

/// What apps may be called, by a rack's own rule. An app that is named after its folder may be called anything.
package enum AppName {
  /// Refuses a name that a rack would refuse.
  /// - Throws: `DrydockError.usage`.
  package static func check(_ name: String) throws {
    guard !isValid(name) else { return }
    throw DrydockError(
      .usage,
      "app name \(name) invalid, must be lowercase letters, digits and dashes, begin with a letter, 40 at most"
    )
  }

  private static func isValid(_ name: String) -> Bool {
    let isPlain = name.utf8.allSatisfy {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        || $0 == UInt8(ascii: "-")
    }
    return isPlain && name.utf8.count <= 40 && name.first?.isLetter == true
  }
}
