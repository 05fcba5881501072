/// Takes the quotes off a word of a Dockerfile and puts variables' values in, as the builder does it for ENV, COPY and
/// their like: `$A`, `${A}`, `${A:-word}`, `${A-word}`, `${A:+word}`, `${A+word}`. Other modifiers stay as they are.
///
/// Source: the Dockerfile reference, "Environment replacement".
struct VariableExpansion {
  let escape: UInt8
  let values: [String: String]

  /// The longest text that comes of it, in bytes: `ENV A=$A$A`, line by line, would fill any memory.
  static let limit = 64 << 10
  /// How deep words may stand within words.
  private static let depth = 32

  struct TooLong: Error {}

  func expand(_ text: String) throws(TooLong) -> String {
    var reader = Reader(bytes: Array(text.utf8)[...], rules: self)
    var result: [UInt8] = []
    try reader.read(into: &result, until: nil, depth: 0)
    return result.text
  }

  private struct Reader {
    var bytes: ArraySlice<UInt8>
    let rules: VariableExpansion

    mutating func read(into result: inout [UInt8], until end: UInt8?, depth: Int) throws(TooLong) {
      while let byte = bytes.first, byte != end {
        bytes = bytes.dropFirst()
        switch byte {
        case Mark.single: takeSingle(&result)
        case Mark.double: try takeDouble(&result, depth)
        case rules.escape:
          if let next = bytes.popFirst() { result.append(next) }
        case Mark.dollar: try takeVariable(&result, depth)
        default: result.append(byte)
        }
        guard result.count <= VariableExpansion.limit else { throw TooLong() }
      }
    }

    private mutating func takeSingle(_ result: inout [UInt8]) {
      let text = bytes.prefix { $0 != Mark.single }
      result += text
      bytes = bytes[text.endIndex...].dropFirst()
    }

    private mutating func takeDouble(_ result: inout [UInt8], _ depth: Int) throws(TooLong) {
      while let byte = bytes.popFirst(), byte != Mark.double {
        if byte == Mark.dollar {
          try takeVariable(&result, depth)
        } else if byte == rules.escape, let next = bytes.first,
          next == Mark.double || next == Mark.dollar || next == rules.escape
        {
          result.append(next)
          bytes = bytes.dropFirst()
        } else {
          result.append(byte)
        }
        guard result.count <= VariableExpansion.limit else { throw TooLong() }
      }
    }

    private mutating func takeVariable(_ result: inout [UInt8], _ depth: Int) throws(TooLong) {
      guard bytes.first == UInt8(ascii: "{") else {
        let name = takeName()
        if name.isEmpty { result.append(Mark.dollar) } else { result += (rules.values[name] ?? "").utf8 }
        return
      }
      let whole = bytes
      bytes = bytes.dropFirst()
      let name = takeName()
      guard !name.isEmpty, depth < VariableExpansion.depth, try takeModifier(name, &result, depth) else {
        bytes = whole
        result.append(Mark.dollar)
        return
      }
    }

    /// What stands between a name and its closing brace; false where that is not understood.
    private mutating func takeModifier(_ name: String, _ result: inout [UInt8], _ depth: Int) throws(TooLong)
      -> Bool
    {
      let close = UInt8(ascii: "}")
      var value = rules.values[name]
      if bytes.first == UInt8(ascii: ":") {
        bytes = bytes.dropFirst()
        // With the colon an empty value counts as none.
        if value?.isEmpty == true { value = nil }
        guard bytes.first != close else { return false }
      }
      switch bytes.popFirst() {
      case close:
        result += (value ?? "").utf8
        return true
      case UInt8(ascii: "-"):
        let word = try takeWord(close, depth)
        result += value.map { Array($0.utf8) } ?? word
      case UInt8(ascii: "+"):
        let word = try takeWord(close, depth)
        if value != nil { result += word }
      default: return false
      }
      return bytes.popFirst() == close
    }

    private mutating func takeWord(_ end: UInt8, _ depth: Int) throws(TooLong) -> [UInt8] {
      var word: [UInt8] = []
      try read(into: &word, until: end, depth: depth + 1)
      return word
    }

    private mutating func takeName() -> String {
      guard let first = bytes.first else { return "" }
      // A digit alone is a name, as in a shell, of which the builder has none.
      let name = first.isNameStart ? bytes.prefix { $0.isNamePart } : bytes.prefix { $0.isDigit }.prefix(1)
      bytes = bytes[name.endIndex...]
      return name.text
    }
  }
}
