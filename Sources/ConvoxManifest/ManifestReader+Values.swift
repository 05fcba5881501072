/// Values as Convox reads them into strings, and its words where they are something else.
extension ManifestReader {
  /// Convox's error for a value of another form than the one wanted, which is named as in Go.
  func cannotUnmarshal(_ node: YAMLNode, into type: String) -> String {
    switch node.content {
    case .mapping: return "cannot unmarshal !!map into \(type)"
    case .sequence: return "cannot unmarshal !!seq into \(type)"
    case .scalar(let scalar):
      let resolved = scalar.resolved
      let text = resolved.text
      let shown = text.utf8.count > 10 ? "\(text.prefix(7))..." : text
      return "cannot unmarshal \(resolved.tag) `\(shown)` into \(type)"
    }
  }

  /// What Convox calls a value's type where it wants another one.
  func goType(_ node: YAMLNode) -> String {
    switch node.content {
    case .mapping: "map[interface {}]interface {}"
    case .sequence: "[]interface {}"
    case .scalar(let scalar): scalar.resolved.goType
    }
  }

  /// The pairs of a map that may be absent; an error for anything else.
  mutating func pairs(_ node: YAMLNode?, type: String) -> [YAMLNode.Pair]? {
    guard let node, !node.isNull else { return [] }
    // What Convox reads into a slice may be an empty list too, as templates write one.
    if type == "yaml.MapSlice", case .sequence(let items) = node.content, items.isEmpty { return [] }
    guard case .mapping(let pairs) = node.content else {
      fail(cannotUnmarshal(node, into: type), at: node.offset)
      return nil
    }
    return pairs
  }

  /// A string that may be absent; an error for a list or map.
  mutating func string(_ node: YAMLNode?) -> String? {
    guard let node, !node.isNull else { return nil }
    guard let scalar = node.scalar else {
      fail(cannotUnmarshal(node, into: "string"), at: node.offset)
      return nil
    }
    return scalar.resolved.text
  }

  /// A list of strings that may be absent, each with its place.
  mutating func strings(_ node: YAMLNode?) -> [(text: String, offset: Int)] {
    guard let node, !node.isNull else { return [] }
    guard case .sequence(let items) = node.content else {
      let name = node.scalar?.resolved.text
      fail(
        cannotUnmarshal(node, into: "[]string"), at: node.offset, name.map { "write a list: [\($0)]" })
      return []
    }
    return items.compactMap { item in
      if item.isNull { return ("", item.offset) }
      return string(item).map { ($0, item.offset) }
    }
  }

  /// What a name may have besides lowercase letters, digits and dashes.
  struct NameCharacters: OptionSet {
    let rawValue: Int
    static let uppercase = NameCharacters(rawValue: 1)
    static let underscores = NameCharacters(rawValue: 2)
  }

  /// Whether a name begins with a letter and has nothing but the characters allowed. Not by a regular
  /// expression, which is compiled anew each time: too slow for a file full of names.
  static func isName(_ name: String, _ extra: NameCharacters) -> Bool {
    func isLetter(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || extra.contains(.uppercase) && (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
    return name.utf8.first.map(isLetter) == true
      && name.utf8.allSatisfy { byte in
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
          || extra.contains(.underscores) && byte == UInt8(ascii: "_")
      }
  }

  /// The name that a key of `resources:`, `services:` or `timers:` gives.
  mutating func name(_ key: YAMLScalar) -> String? {
    let resolved = key.resolvedOnce
    switch resolved {
    case .string(let text), .integer(let text): return text
    case .null, .boolean, .float:
      fail(
        "unknown key type: \(resolved.goType)", at: key.offset,
        "YAML reads the name `\(key.text)` as \(resolved.tag.dropFirst(2)): choose another or quote it")
      return nil
    }
  }

  /// The value of a key.
  func value(_ name: String, _ pairs: [YAMLNode.Pair]) -> YAMLNode? {
    pairs.first { $0.key.text == name }?.value
  }
}
