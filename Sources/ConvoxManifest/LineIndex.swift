/// Finds the line and column of a byte, and the byte of a line and column, in UTF-8 text.
struct LineIndex: Sendable {
  /// What ends a line and what a column counts.
  enum Convention: Sendable {
    /// As editors show it: LF, CRLF and CR end a line, a column is a character.
    case editor
    /// As YAML 1.1 marks it: NEL, LS and PS end a line too, a column is a Unicode scalar.
    case yaml
  }

  /// A line's first byte and the byte after its last, without what ends it.
  private struct Line {
    var start: Int
    var end: Int
    /// Where each column begins; nil where every byte is a column of its own.
    var columns: [Int]?
  }

  private var lines: [Line] = []

  /// The number of lines, one at least.
  var count: Int { lines.count }

  init(_ bytes: [UInt8], _ convention: Convention) {
    var start = 0
    var position = 0
    while position < bytes.count {
      let length = LineIndex.breakLength(bytes, at: position, convention)
      if length > 0 {
        lines.append(LineIndex.line(bytes, start..<position, convention))
        start = position + length
        position = start
      } else {
        position += 1
      }
    }
    lines.append(LineIndex.line(bytes, start..<bytes.count, convention))
  }

  /// The line and column of a byte, both from 1; a place past the line's text is its end.
  func position(of offset: Int) -> (line: Int, column: Int) {
    let number = partition(lines) { $0.start <= offset } - 1
    let line = lines[max(number, 0)]
    let inside = min(max(offset, line.start), line.end)
    guard let columns = line.columns else { return (max(number, 0) + 1, inside - line.start + 1) }
    let column = inside == line.end ? columns.count + 1 : partition(columns) { $0 <= inside }
    return (max(number, 0) + 1, max(column, 1))
  }

  /// The byte at a line and column, both from 1; a place outside the text is the nearest inside.
  func offset(line number: Int, column: Int) -> Int {
    guard number <= lines.count else { return lines[lines.count - 1].end }
    let line = lines[max(number, 1) - 1]
    let index = max(column, 1) - 1
    guard let columns = line.columns else { return min(line.start + index, line.end) }
    return index < columns.count ? columns[index] : line.end
  }

  /// The bytes of a line, counted from 1, without what ends it.
  func range(line number: Int) -> Range<Int> {
    let line = lines[min(max(number, 1), lines.count) - 1]
    return line.start..<line.end
  }

  private static func line(_ bytes: [UInt8], _ range: Range<Int>, _ convention: Convention) -> Line {
    let text = bytes[range]
    guard text.contains(where: { $0 >= 0x80 }) else {
      return Line(start: range.lowerBound, end: range.upperBound)
    }
    let string = String(decoding: text, as: UTF8.self)
    var columns: [Int] = []
    var offset = range.lowerBound
    switch convention {
    case .editor:
      for character in string {
        columns.append(offset)
        offset += character.utf8.count
      }
    case .yaml:
      for scalar in string.unicodeScalars {
        columns.append(offset)
        offset += UTF8.width(scalar)
      }
    }
    return Line(start: range.lowerBound, end: range.upperBound, columns: columns)
  }

  private static func breakLength(_ bytes: [UInt8], at index: Int, _ convention: Convention) -> Int {
    func byte(_ distance: Int) -> UInt8? { index + distance < bytes.count ? bytes[index + distance] : nil }
    switch bytes[index] {
    case 0x0A: return 1
    case 0x0D: return byte(1) == 0x0A ? 2 : 1
    case 0xC2 where convention == .yaml && byte(1) == 0x85: return 2
    case 0xE2 where convention == .yaml && byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9): return 3
    default: return 0
    }
  }
}

/// How many elements at the front of a partitioned array meet a condition.
func partition<Element>(_ array: [Element], _ condition: (Element) -> Bool) -> Int {
  var low = 0
  var high = array.count
  while low < high {
    let middle = (low + high) / 2
    if condition(array[middle]) { low = middle + 1 } else { high = middle }
  }
  return low
}
