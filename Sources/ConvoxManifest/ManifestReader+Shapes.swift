import DrydockBase

/// Values of a form that Go's types prescribe: what Convox's parser cannot put into one is an error in its words.
extension ManifestReader {
  /// A whole number that may be absent. A float loses its fraction, as the parser has it.
  mutating func integer(_ node: YAMLNode?, into type: String = "int") -> Int? {
    guard let node, !node.isNull else { return nil }
    switch node.scalar?.resolved {
    case .integer(let digits)?: if let number = Int(digits) { return number }
    case .float(let text)?: if let value = Double(text), abs(value) < 1e15 { return Int(value) }
    default: break
    }
    fail(cannotUnmarshal(node, into: type), at: node.offset, "write a whole number without quotes")
    return nil
  }

  /// A number that may be absent.
  mutating func checkNumber(_ node: YAMLNode?) {
    guard let node, !node.isNull else { return }
    switch node.scalar?.resolved {
    case .integer?, .float?: return
    default: fail(cannotUnmarshal(node, into: "float64"), at: node.offset, "write a number without quotes")
    }
  }

  /// A yes or no that may be absent.
  @discardableResult
  mutating func boolean(_ node: YAMLNode?) -> Bool? {
    guard let node, !node.isNull else { return nil }
    if case .boolean(let value)? = node.scalar?.resolved { return value }
    fail(cannotUnmarshal(node, into: "bool"), at: node.offset, "write true or false without quotes")
    return nil
  }

  /// A map of strings that may be absent.
  mutating func checkStringMap(_ node: YAMLNode?) {
    for pair in pairs(node, type: "map[string]string") ?? [] { _ = string(pair.value) }
  }

  /// The pairs of a map with a fixed set of keys, others told; nil for what is no map.
  mutating func fields(
    _ node: YAMLNode?, type: String, known: [String], v3: [String] = [], in owner: String
  ) -> [YAMLNode.Pair]? {
    guard let pairs = pairs(node, type: type) else { return nil }
    warnUnknown(pairs, known: known, in: owner, v3: v3)
    return pairs
  }

  /// A whole number that the parser takes only as such, and passes over in silence where it is anything else.
  mutating func integerOrIgnored(_ name: String, _ pairs: [YAMLNode.Pair], in owner: String) -> Int? {
    guard let node = value(name, pairs), !node.isNull else { return nil }
    if case .integer(let digits)? = node.scalar?.resolved, let number = Int(digits) { return number }
    warn(
      "Convox ignores \(name) in \(owner): it takes a whole number there", at: node.offset,
      "write a whole number without quotes")
    return nil
  }

  /// A number that Go's `Atoi` reads, or one that YAML reads; the parser's error for anything else.
  mutating func count(_ node: YAMLNode, _ what: String) -> Int? {
    switch node.scalar?.resolved {
    case .integer(let digits)?: if let number = Int(digits) { return number }
    case .string(let text)?: return atoi(text, at: node.offset)
    default: break
    }
    fail("invalid \(what): \(node.scalar?.resolved.text ?? goType(node))", at: node.offset)
    return nil
  }

  /// Go's `strconv.Atoi`.
  mutating func atoi(_ text: String, at offset: Int) -> Int? {
    let digits = text.utf8.dropFirst("+-".utf8.contains(text.utf8.first ?? 0) ? 1 : 0)
    if !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      if let number = Int(text) { return number }
      fail("strconv.Atoi: parsing \"\(text)\": value out of range", at: offset)
      return nil
    }
    fail("strconv.Atoi: parsing \"\(text)\": invalid syntax", at: offset, "write a whole number")
    return nil
  }
}
