import Yams

extension YAMLRemark {
  /// What Yams threw, with its place.
  init(_ error: any Error, _ source: ManifestSource) {
    func offset(_ mark: Mark) -> Int { source.marks.offset(line: mark.line, column: mark.column) }
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let message = context.map { "\(problem) \($0.text)" } ?? problem
      if let context, context.text == "while scanning a quoted scalar" {
        self.init(
          message: message, offset: offset(context.mark),
          suggestion: "the quote that opens here is never closed")
        return
      }
      if let quote = YAMLRemark.lateQuote(before: offset(mark), source) {
        let end = source.location(of: quote.end).line
        self.init(
          message: message, offset: quote.start,
          suggestion: "the quote that opens here closes in line \(end) only")
        return
      }
      self.init(problem, context?.text, at: offset(mark), source)
    case .duplicatedKeysInMapping(let keys, let context):
      self.init(duplicated: keys.first ?? "", first: context.mark, source)
    case .reader(let problem, _, _, _):
      self.init(message: problem, offset: 0)
    default:
      self.init(message: "the file cannot be read as YAML: \(error)", offset: 0)
    }
  }

  private init(_ problem: String, _ context: String?, at offset: Int, _ source: ManifestSource) {
    // libyaml gives up by itself at 1000 levels, in words that name a function of its own.
    guard !problem.hasPrefix("Maximum nesting level") else {
      self.init(message: YAMLReader.tooDeep, offset: offset)
      return
    }
    let bytes = source.text.bytes
    let isTab = offset < bytes.count && bytes[offset] == 0x09
    let unset = source.unsetOnLine(of: offset).map { "${\($0.name)} is not set in the app env" }
    self.init(
      message: context.map { "\(problem) \($0)" } ?? problem, offset: offset,
      suggestion: isTab ? "indent with spaces: YAML allows no tabs there" : unset)
  }

  private init(duplicated key: String, first: Mark, _ source: ManifestSource) {
    let start = source.marks.offset(line: first.line, column: first.column)
    let again = YAMLRemark.repetition(of: first, source)
    // Facts of both racks' parser, which says nothing of it.
    let once = "give it once, as a rack takes the last of two values, and both of two services"
    self.init(
      message: "key \"\(key)\" already set in map", offset: again ?? start,
      suggestion: again == nil ? once : "the first is at \(source.location(of: start)); \(once)")
  }

  /// The second line that begins at the same column with the same text as a key, before the block ends.
  private static func repetition(of mark: Mark, _ source: ManifestSource) -> Int? {
    let bytes = source.text.bytes
    let start = source.marks.offset(line: mark.line, column: mark.column)
    let key = bytes[start..<source.marks.range(line: mark.line).upperBound].prefix { $0 != UInt8(ascii: ":") }
    guard mark.line < source.marks.count else { return nil }
    for line in (mark.line + 1)...source.marks.count {
      let range = source.marks.range(line: line)
      let indent = bytes[range].prefix { $0 == 0x20 }.count
      guard indent < range.count, bytes[range.lowerBound + indent] != UInt8(ascii: "#") else { continue }
      if indent + 1 < mark.column { return nil }
      let rest = bytes[(range.lowerBound + indent)..<range.upperBound]
      if indent + 1 == mark.column, rest.prefix(while: { $0 != UInt8(ascii: ":") }) == key {
        return range.lowerBound + indent
      }
    }
    return nil
  }
}
