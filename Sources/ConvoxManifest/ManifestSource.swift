/// A manifest's file: the text that YAML sees, and where each of its bytes stands for the user.
struct ManifestSource: Sendable {
  /// The most bytes a manifest may have, before and after interpolation.
  ///
  /// AWS takes no CloudFormation template above 1 MB, and a manifest becomes one that is longer than itself.
  static let sizeLimit = 1 << 20

  /// What the file is called.
  let file: String
  /// The text with the app env filled in.
  let text: Interpolation
  /// Lines and columns as YAML marks them in that text.
  let marks: LineIndex
  private let original: LineIndex

  /// Checks size and encoding, and fills in the app env.
  /// - Parameter appEnvironment: Nil for a file in which `${` means nothing.
  /// - Throws: `ManifestError` for a file that is too long, not UTF-8, or holds control characters.
  init(_ content: [UInt8], file: String, appEnvironment: [String: String]?) throws(ManifestError) {
    func failure(_ line: Int, _ column: Int, _ message: String, _ suggestion: String?) -> ManifestError {
      ManifestError([
        Diagnostic(
          .error, at: SourceLocation(file: file, line: line, column: column), message, suggestion: suggestion)
      ])
    }
    guard content.count <= ManifestSource.sizeLimit else {
      throw ManifestLoader.tooLong(content.count, file: file)
    }
    let bytes = Array(content.starts(with: [0xEF, 0xBB, 0xBF]) ? content[3...] : content[...])
    if let end = ManifestSource.invalidUTF8(bytes) {
      let (line, column) = LineIndex(Array(bytes[..<end]), .editor).position(of: end)
      throw failure(line, column, "the file is not UTF-8", "save it as UTF-8")
    }
    self.file = file
    original = LineIndex(bytes, .editor)
    text =
      appEnvironment.map {
        Interpolation(bytes, appEnvironment: $0, limit: ManifestSource.sizeLimit)
      } ?? Interpolation(unchanged: bytes)
    if let overflow = text.overflow {
      let (line, column) = original.position(of: overflow.source.lowerBound)
      throw failure(
        line, column, "with ${\(overflow.name)} the text is longer than \(ManifestSource.sizeLimit) bytes",
        nil)
    }
    marks = LineIndex(text.bytes, .yaml)
    if let offset = ManifestSource.controlCharacter(text.bytes) {
      let suggestion = text.replacement(at: offset).map { "the app env's \($0.name) has one" }
      throw failure(location(of: offset), "control characters are not allowed", suggestion)
    }

    func failure(_ place: SourceLocation, _ message: String, _ suggestion: String?) -> ManifestError {
      failure(place.line, place.column, message, suggestion)
    }
  }

  /// The YAML document.
  /// - Throws: `ManifestError` for what is none.
  func document() throws(ManifestError) -> YAMLDocument {
    do {
      return try YAMLReader.read(self)
    } catch {
      if let marker = conflictMarker {
        throw ManifestError([
          Diagnostic(
            .error, at: location(of: marker), "a merge conflict is left in the file",
            suggestion: "resolve it: keep one of the two versions, and remove the lines with <, = and >")
        ])
      }
      throw ManifestError([
        Diagnostic(.error, at: location(of: error.offset), error.message, suggestion: error.suggestion)
      ])
    }
  }

  /// Where a byte of the interpolated text stands in the file.
  func location(of offset: Int) -> SourceLocation {
    location(ofSource: text.sourceOffset(of: offset))
  }

  /// Where a byte of the file stands.
  func location(ofSource offset: Int) -> SourceLocation {
    let (line, column) = original.position(of: offset)
    return SourceLocation(file: file, line: line, column: column)
  }

  /// The names without a value in the app env that took part in a scalar.
  func unset(in scalar: YAMLScalar) -> [Interpolation.Replacement] {
    let blanks = text.bytes[min(scalar.offset, text.bytes.count)...].prefix { $0 == 0x20 || $0 == 0x09 }
    let quote = scalar.isPlain ? 0 : 1
    let end = scalar.offset + blanks.count + scalar.text.utf8.count + quote
    return text.replacements(in: scalar.offset...end).filter { !$0.isSet }
  }

  /// The first name without a value in the app env on the line of a byte.
  func unsetOnLine(of offset: Int) -> Interpolation.Replacement? {
    let line = marks.range(line: marks.position(of: offset).line)
    return text.replacements(in: line.lowerBound...line.upperBound).first { !$0.isSet }
  }

  /// The first line that git or another tool has left of two versions, by its first byte.
  var conflictMarker: Int? {
    (1...max(1, marks.count)).lazy.map { marks.range(line: $0) }.first { range in
      let line = text.bytes[range]
      return ["<<<<<<< ", ">>>>>>> "].contains { line.starts(with: $0.utf8) }
    }?.lowerBound
  }

  /// The first byte that is no part of well-formed UTF-8.
  private static func invalidUTF8(_ bytes: [UInt8]) -> Int? {
    var position = 0
    var decoder = UTF8()
    var input = bytes.makeIterator()
    while true {
      switch decoder.decode(&input) {
      case .scalarValue(let scalar): position += UTF8.width(scalar)
      case .emptyInput: return nil
      case .error: return position
      }
    }
  }

  /// The first character that YAML does not allow.
  private static func controlCharacter(_ bytes: [UInt8]) -> Int? {
    var offset = 0
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: break
      default: return offset
      }
      offset += UTF8.width(scalar)
    }
    return nil
  }
}
