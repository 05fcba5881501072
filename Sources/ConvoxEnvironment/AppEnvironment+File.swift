import DrydockBase

/// What people have in files: Convox's text, with things in it that Convox would take for parts of names.
extension AppEnvironment {
  /// Reads Convox's text out of a file. A byte order mark, comments and the word `export` are left out and named.
  /// - Returns: The values, and a sentence for each line that probably means something else than Convox reads.
  /// - Throws: `EnvironmentFileError` for bytes that are no UTF-8.
  package static func read(_ bytes: [UInt8]) throws(EnvironmentFileError) -> (
    environment: AppEnvironment, warnings: [String]
  ) {
    let text = try EnvironmentText(bytes)
    var environment = AppEnvironment()
    var warnings = text.warnings
    for (index, line) in lines(of: text.text).enumerated() {
      guard let (written, value) = assignment(in: line) else { continue }
      var key: String? = written
      if let warning = droppingWords(&key, value) { warnings.append("line \(index + 1): \(warning)") }
      if let key { environment.values[key] = value }
    }
    return (environment, warnings)
  }

  /// Takes from a key what is none of it; nil for a line that sets nothing.
  private static func droppingWords(_ key: inout String?, _ value: String) -> String? {
    guard let written = key else { return nil }
    if written.beginsExactly(with: "#") {
      key = nil
      return "a comment that looks like an assignment: it is left out"
    }
    if let name = EnvironmentText.withoutExport(written) {
      key = name
      return "the word export is no part of the name \(name): it is left out"
    }
    if !VariableName.isPortable(written) { return "'\(written)' is no name that a shell can use" }
    return isQuoted(value)
      ? "the value of \(written) is quoted, and Convox keeps the quotes as part of it; leave them out" : nil
  }

  private static func isQuoted(_ value: String) -> Bool {
    let scalars = value.unicodeScalars
    guard scalars.count > 1, let first = scalars.first, first == scalars.last else { return false }
    return first == "\"" || first == "'"
  }
}

/// The text of a file of variables.
struct EnvironmentText {
  /// The text without a byte order mark.
  let text: String
  /// What was left out.
  let warnings: [String]

  init(_ bytes: [UInt8]) throws(EnvironmentFileError) {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let isMarked = bytes.starts(with: mark)
    let rest = isMarked ? bytes[mark.count...] : bytes[...]
    text = String(decoding: rest, as: UTF8.self)
    warnings = isMarked ? ["the byte order mark in front is left out"] : []
    guard text.utf8.elementsEqual(rest) else { throw EnvironmentFileError(line: Self.firstWrongLine(rest)) }
  }

  /// What follows the word `export`; nil where it is not there.
  static func withoutExport(_ name: String) -> String? {
    let words = name.unicodeScalars.split { $0.properties.isWhitespace }
    guard words.count == 2, words[0].elementsEqual("export".unicodeScalars) else { return nil }
    return String(words[1])
  }

  private static func firstWrongLine(_ bytes: ArraySlice<UInt8>) -> Int {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let wrong = lines.firstIndex { !String(decoding: $0, as: UTF8.self).utf8.elementsEqual($0) }
    return (wrong ?? 0) + 1
  }
}

/// A file of variables has bytes that are no UTF-8.
package struct EnvironmentFileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The first line with such bytes, from 1.
  package var line: Int

  /// What is wrong in words; the file's name is the caller's to add.
  package var message: String { "line \(line) has bytes that are no UTF-8" }

  /// What to do about it.
  package var suggestion: String { "save it as UTF-8" }

  /// The message.
  package var description: String { message }
}
