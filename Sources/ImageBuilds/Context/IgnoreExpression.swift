/// The regular expressions that come of ignore patterns, and no others. Each is tried by all its ways at once, so that the
/// time grows with the lengths of pattern and path alone, whatever stars somebody writes.
struct IgnoreExpression: Sendable {
  private enum Item: Sendable {
    /// Behind it nothing fits but at the beginning.
    case start
    case one(Set)
    /// Any number of them.
    case many(Set)
    /// `(.*/)?`
    case folders
  }

  private struct Set: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    static let any = Set(ranges: [], isNegated: true)
    static func only(_ scalar: Unicode.Scalar) -> Set { Set(ranges: [scalar.value...scalar.value]) }

    func holds(_ scalar: Unicode.Scalar) -> Bool {
      ranges.contains { $0.contains(scalar.value) } != isNegated
    }
  }

  private let items: [Item]

  init(_ text: String) throws(IgnorePattern.Malformed) {
    var reader = Reader(rest: Array(text.unicodeScalars)[...])
    items = try reader.read()
  }

  func matches(_ path: [Unicode.Scalar]) -> Bool {
    // Which items may come next; the last place is the end.
    var states = [Bool](repeating: false, count: items.count + 1)
    states[0] = true
    // Whether the dots of `(.*/)?` have begun.
    var inside = [Bool](repeating: false, count: items.count)
    skip(&states, atStart: true)
    for scalar in path {
      guard states.contains(true) || inside.contains(true) else { return false }
      var next = [Bool](repeating: false, count: items.count + 1)
      for (index, item) in items.enumerated() {
        switch item {
        case .start: break
        case .one(let set): if states[index], set.holds(scalar) { next[index + 1] = true }
        case .many(let set): if states[index], set.holds(scalar) { next[index] = true }
        case .folders:
          guard states[index] || inside[index] else { continue }
          // A dot takes no line feed.
          inside[index] = scalar != "\n"
          if scalar == "/" { next[index + 1] = true }
        }
      }
      states = next
      skip(&states, atStart: false)
    }
    return states[items.count]
  }

  /// Goes on past what need not be there. The dots of `(.*/)?` begin only where it was reached.
  private func skip(_ states: inout [Bool], atStart: Bool) {
    for (index, item) in items.enumerated() where states[index] {
      switch item {
      case .start: if atStart { states[index + 1] = true }
      case .one: break
      case .many, .folders: states[index + 1] = true
      }
    }
  }

  private struct Reader {
    var rest: ArraySlice<Unicode.Scalar>

    mutating func read() throws(IgnorePattern.Malformed) -> [Item] {
      var items: [Item] = []
      while let next = rest.popFirst() {
        switch next {
        case "^": items.append(.start)
        case "(":
          // Nothing else begins with it: a bracket of the pattern's own is escaped.
          rest = rest.dropFirst(5)
          items.append(.folders)
        case ".": items.append(repeated(Set(ranges: [10...10], isNegated: true)))
        case "[": items.append(repeated(try set()))
        case "\\": items.append(repeated(try escaped()))
        default: items.append(repeated(.only(next)))
        }
      }
      return items
    }

    private mutating func repeated(_ set: Set) -> Item {
      guard rest.first == "*" else { return .one(set) }
      rest = rest.dropFirst()
      return .many(set)
    }

    private mutating func set() throws(IgnorePattern.Malformed) -> Set {
      var set = Set()
      if rest.first == "^" {
        set.isNegated = true
        rest = rest.dropFirst()
      }
      var isFirst = true
      while let next = rest.popFirst() {
        if next == "]", !isFirst { return set }
        isFirst = false
        let low = next == "\\" ? try escaped() : .only(next)
        guard rest.first == "-", let end = rest.dropFirst().first, end != "]" else {
          set.ranges += low.ranges
          continue
        }
        rest = rest.dropFirst(2)
        let high = end == "\\" ? try escaped() : .only(end)
        guard let from = low.ranges.first?.lowerBound, let to = high.ranges.first?.upperBound, from <= to
        else {
          throw .init(reason: "has a range whose end is before its beginning")
        }
        set.ranges.append(from...to)
      }
      throw .init(reason: "has a bracket that is not closed")
    }

    private mutating func escaped() throws(IgnorePattern.Malformed) -> Set {
      guard let next = rest.popFirst() else { throw .init(reason: "ends in a backslash") }
      let isLetter = next.properties.isAlphabetic || next.properties.numericType != nil || !next.isASCII
      switch next {
      case "d": return Set(ranges: [48...57])
      case "w": return Set(ranges: [48...57, 65...90, 95...95, 97...122])
      case "s": return Set(ranges: [9...10, 12...13, 32...32])
      case "n": return .only("\n")
      case "t": return .only("\t")
      case "r": return .only("\r")
      case _ where isLetter: throw .init(reason: "has a backslash before \"\(next)\"")
      default: return .only(next)
      }
    }
  }
}
