import DrydockBase

extension Dockerfile {
  /// The file as the engine's own frontend can read it: without `# syntax=`, for which it would get an image, and without
  /// `--link` where it does not know that, which only changes how layers are kept. Every line keeps its number.
  func adapted(_ bytes: [UInt8], knowsLinks: Bool) -> [UInt8] {
    var lines = bytes.split(separator: Mark.newline, omittingEmptySubsequences: false).map { Array($0) }
    if let syntax {
      lines[syntax.line - 1] = [Mark.comment]
      // Behind a comment no directive counts.
      if let escapeLine, escapeLine > syntax.line { lines.swapAt(syntax.line - 1, escapeLine - 1) }
    }
    guard !knowsLinks else { return Array(lines.joined(separator: [Mark.newline])) }
    for instruction in stages.flatMap(\.instructions)
    where instruction.flags.contains(where: { $0.name == "link" }) {
      for index in (instruction.line - 1)..<min(instruction.lastLine, lines.count) {
        lines[index] = Self.withoutLink(lines[index])
      }
    }
    return Array(lines.joined(separator: [Mark.newline]))
  }

  /// The line with blanks in the flag's place.
  private static func withoutLink(_ line: [UInt8]) -> [UInt8] {
    guard let place = line.firstRange(of: Array("--link".utf8)) else { return line }
    let end = line[place.upperBound...].firstIndex { $0.isBlank } ?? line.endIndex
    guard end == place.upperBound || line[place.upperBound] == Mark.equals else { return line }
    var line = line
    for index in place.lowerBound..<end { line[index] = UInt8(ascii: " ") }
    return line
  }
}
