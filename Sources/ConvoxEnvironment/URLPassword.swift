/// What a password may hold, given that it stands in a URL as it is.
package enum URLPassword {
  /// The characters of a password that make its URL mean something else, or nothing: all but the unreserved ones,
  /// the sub-delimiters and the colon of a URL's user information (RFC 3986, 3.2.1). `%` is among them, for it
  /// would be decoded. Each is named once, in the order of the password.
  package static func charactersBreakingURL(in password: String) -> [Character] {
    var found: [Character] = []
    for character in password where !isHarmless(character) && !found.contains(character) {
      found.append(character)
    }
    return found
  }

  private static func isHarmless(_ character: Character) -> Bool {
    guard let byte = character.asciiValue else { return false }
    return harmless.contains(byte) && character.unicodeScalars.count == 1
  }

  private static let harmless = Set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:".utf8)
}
