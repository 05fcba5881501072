/// A part of somebody else's text file that drydock keeps: two marker lines and what stands between them. All
/// other bytes of the file stay as they are, in whatever encoding that extends ASCII.
package struct MarkedBlock: Sendable, Hashable {
  /// The line in front.
  package var begin: String
  /// The line behind.
  package var end: String

  /// A block between these lines. The default ones are comments in shells, dotenv and YAML files.
  package init(begin: String = "# drydock: begin", end: String = "# drydock: end") {
    self.begin = begin
    self.end = end
  }

  /// The file with this text between the markers. A block that is not there yet is appended on lines of its own.
  /// The text's lines end as the block's first line does or, without a block, as the file's first line does.
  /// - Throws: `MarkedBlockError`.
  package func updating(_ file: [UInt8], with text: String) throws(MarkedBlockError) -> [UInt8] {
    let content = try contentLines(of: text)
    let lines = try TextLine.all(in: file)
    guard let block = try locate(in: lines, of: file) else {
      let ending = lines.lazy.map(\.ending).first { !$0.isEmpty } ?? TextLine.lineFeed
      let gap = lines.last?.ending == [] ? ending : []
      return file + gap + ([begin] + content + [end]).flatMap { $0.utf8 + ending }
    }
    let middle = content.flatMap { $0.utf8 + block.begin.ending }
    return file[..<block.begin.range.upperBound] + middle + file[block.end.range.lowerBound...]
  }

  /// The file without the block and its markers.
  /// - Throws: `MarkedBlockError`.
  package func removing(from file: [UInt8]) throws(MarkedBlockError) -> [UInt8] {
    guard let block = try locate(in: try TextLine.all(in: file), of: file) else { return file }
    return Array(file[..<block.begin.range.lowerBound] + file[block.end.range.upperBound...])
  }

  /// The bytes between the markers; nil where the file has no block.
  /// - Throws: `MarkedBlockError`.
  package func content(of file: [UInt8]) throws(MarkedBlockError) -> [UInt8]? {
    guard let block = try locate(in: try TextLine.all(in: file), of: file) else { return nil }
    return Array(file[block.begin.range.upperBound..<block.end.range.lowerBound])
  }

  private func contentLines(of text: String) throws(MarkedBlockError) -> [String] {
    let bytes = Array(text.utf8)
    let lines = TextLine.split(bytes)
    for line in lines where isMarker(line, begin, in: bytes) || isMarker(line, end, in: bytes) {
      throw MarkedBlockError(.markerInText)
    }
    return lines.map { String(decoding: bytes[$0.text], as: UTF8.self) }
  }

  private func locate(
    in lines: [TextLine], of file: [UInt8]
  ) throws(MarkedBlockError) -> (begin: TextLine, end: TextLine)? {
    let begins = lines.indices.filter { isMarker(lines[$0], begin, in: file) }
    let ends = lines.indices.filter { isMarker(lines[$0], end, in: file) }
    if begins.count > 1 { throw MarkedBlockError(.twoBlocks, line: begins[1] + 1) }
    if ends.count > 1 { throw MarkedBlockError(.twoBlocks, line: ends[1] + 1) }
    switch (begins.first, ends.first) {
    case (nil, nil): return nil
    case (let first?, let last?) where first < last: return (lines[first], lines[last])
    case (let first?, nil): throw MarkedBlockError(.beginWithoutEnd, line: first + 1)
    case (_, let last?): throw MarkedBlockError(.endWithoutBegin, line: last + 1)
    }
  }

  /// White space around a marker may have come from an editor.
  private func isMarker(_ line: TextLine, _ marker: String, in file: [UInt8]) -> Bool {
    func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let text = file[line.text].drop(while: isBlank)
    guard let last = text.lastIndex(where: { !isBlank($0) }) else { return false }
    return text[...last].elementsEqual(marker.utf8)
  }
}

/// A line by its place in a file.
private struct TextLine {
  static let lineFeed = [UInt8(ascii: "\n")]
  static let carriageReturn = UInt8(ascii: "\r")

  /// The whole line with its end, without a byte order mark in front.
  var range: Range<Int>
  /// What ends it: LF, CR LF, or nothing on an unfinished last line.
  var ending: [UInt8]
  /// What stands before its end.
  var text: Range<Int> { range.lowerBound..<(range.upperBound - ending.count) }

  static func all(in file: [UInt8]) throws(MarkedBlockError) -> [TextLine] {
    if file.starts(with: [0xFF, 0xFE]) || file.starts(with: [0xFE, 0xFF]) {
      throw MarkedBlockError(.notASCIIBased)
    }
    return split(file)
  }

  static func split(_ file: [UInt8]) -> [TextLine] {
    var lines: [TextLine] = []
    var start = file.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    while start < file.count {
      guard let feed = file[start...].firstIndex(of: lineFeed[0]) else {
        lines.append(TextLine(range: start..<file.count, ending: []))
        break
      }
      let isCarriageReturn = feed > start && file[feed - 1] == carriageReturn
      let ending = isCarriageReturn ? [carriageReturn] + lineFeed : lineFeed
      lines.append(TextLine(range: start..<(feed + 1), ending: ending))
      start = feed + 1
    }
    return lines
  }
}

/// A file's block cannot be told apart from the rest of the file.
package struct MarkedBlockError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong.
  package enum Code: String, Sendable, Hashable, Codable {
    /// A second marker of the same kind.
    case twoBlocks
    /// The block is never closed.
    case beginWithoutEnd
    /// The block is closed before or without being opened.
    case endWithoutBegin
    /// The text to write has a marker among its own lines.
    case markerInText
    /// The file is UTF-16, whose lines cannot be mixed with ours.
    case notASCIIBased
  }

  /// What is wrong.
  package var code: Code
  /// The line of the file, from 1, where there is one to show.
  package var line: Int?

  /// An error at a line.
  package init(_ code: Code, line: Int? = nil) {
    self.code = code
    self.line = line
  }

  /// What is wrong in words; the file's name is the caller's to add.
  package var message: String {
    let place = line.map { "line \($0): " } ?? ""
    return switch code {
    case .twoBlocks: "\(place)a second drydock marker of the same kind"
    case .beginWithoutEnd: "\(place)a drydock block begins and does not end"
    case .endWithoutBegin: "\(place)a drydock block ends that has not begun"
    case .markerInText: "a drydock marker cannot stand inside of a drydock block"
    case .notASCIIBased: "the file is UTF-16"
    }
  }

  /// What to do about it.
  package var suggestion: String {
    switch code {
    case .twoBlocks, .beginWithoutEnd, .endWithoutBegin: "remove the stray marker line, or the whole block"
    case .markerInText: "choose other values"
    case .notASCIIBased: "save it as UTF-8"
    }
  }

  /// The message.
  package var description: String { message }
}
