import Essentials

/// Refuses a script in which psql could be told to run a program although it is restricted: psql evaluates backquotes in
/// the arguments of `\unrestrict`, the one command that it takes then, before it looks whether the key is right (seen with
/// 15.18).
///
/// Unlike psql, it does not ask whether a place is code: what is refused wrongly says so, what is let through wrongly runs.
/// A NUL is refused too: psql drops the rest of a line behind one, and joins the next line to what came before.
struct UnrestrictGuard: Sendable {
  private static let word = Array("\\unrestrict".utf8)
  /// How much of the word the bytes before this end with.
  private var matched = 0

  /// Looks at the next bytes of a script.
  /// - Throws: `ScriptRefusal`.
  mutating func look(at bytes: [UInt8]) throws {
    guard bytes[...].position(of: 0) == bytes.endIndex else {
      throw ScriptRefusal(reason: "it holds a NUL, which no SQL does")
    }
    var rest = bytes[...]
    while !rest.isEmpty { rest = try next(rest) }
  }

  private mutating func next(_ bytes: ArraySlice<UInt8>) throws -> ArraySlice<UInt8> {
    if matched == Self.word.count {
      let end = bytes.position(of: Ascii.newline)
      guard bytes[..<end].position(of: Ascii.backquote) == end else {
        throw ScriptRefusal(reason: "it has a backquote behind \\unrestrict, where psql would run a program")
      }
      if end < bytes.endIndex { matched = 0 }
      return bytes[end...].dropFirst()
    }
    guard matched > 0, let first = bytes.first else {
      let found = bytes.position(of: Ascii.backslash)
      matched = found < bytes.endIndex ? 1 : 0
      return bytes[found...].dropFirst()
    }
    // The word's first byte is in it once: what breaks it off can only begin it anew.
    guard first == Self.word[matched] else {
      matched = 0
      return bytes
    }
    matched += 1
    return bytes.dropFirst()
  }
}
