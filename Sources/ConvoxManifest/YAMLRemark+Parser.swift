import CLibYAML

extension YAMLRemark {
  /// What libyaml gave up for, with its place.
  init(_ parser: yaml_parser_t, _ source: ManifestSource) {
    let problem = parser.problem.map { String(cString: $0) } ?? "no memory to read YAML"
    // What is no text has no mark.
    guard parser.error != YAML_READER_ERROR else {
      self.init(message: problem, offset: Int(parser.problem_offset))
      return
    }
    let offset = source.offset(of: parser.problem_mark)
    let context = parser.context.map { String(cString: $0) }
    let message = context.map { "\(problem) \($0)" } ?? problem
    if context == "while scanning a quoted scalar" {
      self.init(
        message: message, offset: source.offset(of: parser.context_mark),
        suggestion: "the quote that opens here is never closed")
      return
    }
    if let quote = YAMLRemark.lateQuote(before: offset, source) {
      let end = source.location(of: quote.end).line
      self.init(
        message: message, offset: quote.start,
        suggestion: "the quote that opens here closes in line \(end) only")
      return
    }
    let bytes = source.text.bytes
    let isTab = offset < bytes.count && bytes[offset] == 0x09
    let unset = source.unsetOnLine(of: offset).map { "${\($0.name)} is not set in the app env" }
    self.init(
      message: message, offset: offset,
      suggestion: isTab ? "indent with spaces: YAML allows no tabs there" : unset)
  }
}
