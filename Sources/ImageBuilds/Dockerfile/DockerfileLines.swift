/// An instruction as it is written: its lines joined, the comments in between left out.
struct LogicalLine {
  /// The line on which it begins, from 1.
  let line: Int
  /// The last of its lines, without its heredocs.
  let lastLine: Int
  let text: [UInt8]
  let heredocs: [Heredoc]
}

/// A text that stands behind an instruction, up to a line of its own name (`<<EOF`).
package struct Heredoc: Sendable, Hashable {
  /// The name that ends it, which is also that of the file it becomes by COPY.
  package let name: String
  /// Its lines, with their line ends.
  package let content: String
  /// Whether variables are replaced in it: not where the name was quoted.
  package let expands: Bool
}

/// Takes a Dockerfile apart into instructions, as BuildKit's parser does it.
///
/// Source: the Dockerfile reference, "Format", "Parser directives", "Here-Documents".
struct DockerfileLines {
  /// Values of the directives by their names in small letters, with their lines.
  private(set) var directives: [String: (value: String, line: Int)] = [:]
  private(set) var escape = UInt8(ascii: "\\")
  private(set) var instructions: [LogicalLine] = []

  private let path: String
  private let lines: [ArraySlice<UInt8>]
  private var next = 0
  private var mayHaveDirectives = true

  init(_ bytes: [UInt8], path: String) throws(DockerfileError) {
    let hasMark = bytes.starts(with: [0xef, 0xbb, 0xbf])
    self.path = path
    lines = bytes[(hasMark ? 3 : 0)...]
      .split(separator: Mark.newline, omittingEmptySubsequences: false)
      .map { $0.last == Mark.carriageReturn ? $0.dropLast() : $0 }
    while next < lines.count {
      if let instruction = try takeInstruction() { instructions.append(instruction) }
    }
  }

  private mutating func takeInstruction() throws(DockerfileError) -> LogicalLine? {
    let first = next
    let line = lines[next]
    next += 1
    if try takeDirective(line, first + 1) { return nil }
    let begin = line.drop { $0.isBlank }
    guard !begin.isEmpty, begin.first != Mark.comment else { return nil }
    var text = Array(begin)
    while let continued = withoutContinuation(text) {
      text = continued
      guard let more = takeContinuation() else { break }
      text += more
    }
    let whole = Array(text[...].trimmed)
    guard !whole.isEmpty else { return nil }
    let last = next
    return LogicalLine(
      line: first + 1, lastLine: last, text: whole, heredocs: try takeHeredocs(whole, first + 1))
  }

  /// The next line that belongs to an instruction; comments and empty lines between its lines do not.
  private mutating func takeContinuation() -> ArraySlice<UInt8>? {
    while next < lines.count {
      let line = lines[next]
      next += 1
      let begin = line.drop { $0.isBlank }
      if !begin.isEmpty, begin.first != Mark.comment { return line }
    }
    return nil
  }

  /// The text without the escape at its end; nil where it ends there, also by an escape that is itself escaped.
  private func withoutContinuation(_ text: [UInt8]) -> [UInt8]? {
    guard let last = text.lastIndex(where: { $0 != 0x20 && $0 != Mark.tab }), text[last] == escape,
      last == 0 || text[last - 1] != escape
    else { return nil }
    return Array(text[..<last])
  }

  // MARK: Directives

  /// `# name=value`, above everything else in the file, comments included.
  private mutating func takeDirective(_ line: ArraySlice<UInt8>, _ number: Int) throws(DockerfileError)
    -> Bool
  {
    guard mayHaveDirectives else { return false }
    mayHaveDirectives = false
    guard let (name, value) = directive(line), ["syntax", "escape", "check"].contains(name) else {
      return false
    }
    guard directives[name] == nil else {
      throw DockerfileError(path, line: number, "the directive \"\(name)\" is there twice")
    }
    directives[name] = (value, number)
    mayHaveDirectives = true
    if name == "escape" {
      guard value == "\\" || value == "`", let byte = value.utf8.first else {
        throw DockerfileError(path, line: number, "the escape is neither \\ nor `")
      }
      escape = byte
    }
    return true
  }

  private func directive(_ line: ArraySlice<UInt8>) -> (name: String, value: String)? {
    guard line.first == Mark.comment, let equals = line.firstIndex(of: Mark.equals) else { return nil }
    let name = line[line.index(after: line.startIndex)..<equals].trimmed
    let value = line[line.index(after: equals)...].trimmed
    guard let first = name.first, first.isNameStart, first != 0x5f, !value.isEmpty,
      name.allSatisfy({ $0.isNamePart && $0 != 0x5f })
    else { return nil }
    return (name.text.lowercased(), value.text)
  }

  // MARK: Heredocs

  private mutating func takeHeredocs(_ text: [UInt8], _ number: Int) throws(DockerfileError) -> [Heredoc] {
    let keyword = text.prefix { !$0.isBlank }.text.lowercased()
    guard ["run", "copy", "add", "onbuild"].contains(keyword) else { return [] }
    var heredocs: [Heredoc] = []
    for word in shellWords(text[...], escape: escape) {
      guard let begin = HeredocBegin(word, escape: escape) else { continue }
      guard let content = takeHeredoc(begin) else {
        throw DockerfileError(
          path, line: number, "the heredoc <<\(begin.name) has no end",
          suggestion: "end it by a line that is \(begin.name) alone")
      }
      heredocs.append(Heredoc(name: begin.name, content: content, expands: begin.expands))
    }
    return heredocs
  }

  private mutating func takeHeredoc(_ begin: HeredocBegin) -> String? {
    var content: [UInt8] = []
    for index in next..<lines.count {
      let line = begin.dropsTabs ? lines[index].drop { $0 == Mark.tab } : lines[index]
      if line.elementsEqual(begin.name.utf8) {
        next = index + 1
        return content.text
      }
      content += line
      content.append(Mark.newline)
    }
    return nil
  }
}

/// `<<EOF`, `<<-EOF`, `3<<"EOF"`.
struct HeredocBegin {
  let name: String
  let dropsTabs: Bool
  let expands: Bool

  init?(_ word: ArraySlice<UInt8>, escape: UInt8) {
    var rest = word.drop { $0.isDigit }
    guard rest.starts(with: [Mark.less, Mark.less]) else { return nil }
    rest = rest.dropFirst(2)
    dropsTabs = rest.first == Mark.dash
    if dropsTabs { rest = rest.dropFirst() }
    guard !rest.isEmpty, !rest.contains(Mark.less) else { return nil }
    let plain = rest.filter { $0 != Mark.single && $0 != Mark.double && $0 != escape }
    guard !plain.isEmpty else { return nil }
    name = plain.text
    expands = plain.count == rest.count
  }
}
