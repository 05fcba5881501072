import Yams

/// Turns what Yams composed into nodes of our own: aliases written out, merges applied, within bounds.
struct YAMLBuilder {
  let marks: LineIndex
  /// What a scalar begins with that is an alias in truth.
  let aliasMark: Unicode.Scalar
  /// What is worth saying besides.
  private(set) var remarks: [YAMLRemark] = []
  private var count = 0

  init(marks: LineIndex, aliasMark: Unicode.Scalar) {
    self.marks = marks
    self.aliasMark = aliasMark
  }

  mutating func build(_ node: Node, depth: Int = 1) throws(YAMLRemark) -> YAMLNode {
    let offset = offset(node)
    count += 1
    guard count <= YAMLReader.valueLimit else {
      throw YAMLRemark(
        message: "document contains excessive aliasing, or more than \(YAMLReader.valueLimit) values",
        offset: offset)
    }
    guard depth <= YAMLReader.depthLimit else {
      throw YAMLRemark(message: YAMLReader.tooDeep, offset: offset)
    }
    switch node {
    case .scalar(let scalar):
      return YAMLNode(content: .scalar(self.scalar(scalar, offset)), offset: offset)
    case .sequence(let sequence):
      var items: [YAMLNode] = []
      for item in sequence { items.append(try build(item, depth: depth + 1)) }
      return YAMLNode(content: .sequence(items), offset: offset)
    case .mapping(let mapping):
      return YAMLNode(content: .mapping(try pairs(mapping, depth: depth)), offset: offset)
    case .alias:
      throw YAMLRemark(message: "an alias was left unresolved", offset: offset)
    }
  }

  private func offset(_ node: Node) -> Int {
    node.mark.map { marks.offset(line: $0.line, column: $0.column) } ?? 0
  }

  private func scalar(_ scalar: Node.Scalar, _ offset: Int) -> YAMLScalar {
    let isPlain = scalar.style == .plain
    let name = scalar.tag.rawValue
    // Yams tags what is quoted as a string, and plain keys too once it compared them.
    let isUntagged = name.isEmpty || name == Tag.Name.str.rawValue
    let prefix = "tag:yaml.org,2002:"
    let short = name.hasPrefix(prefix) ? "!!" + name.dropFirst(prefix.count) : name
    return YAMLScalar(
      text: scalar.string, isPlain: isPlain && name != Tag.Name.str.rawValue, tag: isUntagged ? nil : short,
      offset: offset)
  }

  private func key(_ node: Node) throws(YAMLRemark) -> YAMLScalar {
    let offset = offset(node)
    guard case .scalar(let scalar) = node else {
      throw YAMLRemark(message: "invalid map key: a key has to be a word", offset: offset)
    }
    // In quotes a `*` is one; an alias stands without.
    guard scalar.style != .plain || scalar.string.unicodeScalars.first != aliasMark else {
      throw YAMLRemark(message: "invalid map key: an alias cannot be a key", offset: offset)
    }
    var key = self.scalar(scalar, offset)
    if scalar.style == .plain, key.tag == nil { key.isPlain = true }
    return key
  }

  /// The pairs in order; of two values for one key the later wins, a merge's among them, as in Convox.
  private mutating func pairs(_ mapping: Node.Mapping, depth: Int) throws(YAMLRemark) -> [YAMLNode.Pair] {
    var pairs: [YAMLNode.Pair] = []
    var places: [String: Int] = [:]
    func set(_ pair: YAMLNode.Pair) -> Bool {
      if let place = places[pair.key.text] {
        pairs[place].value = pair.value
        return true
      }
      places[pair.key.text] = pairs.count
      pairs.append(pair)
      return false
    }
    for (keyNode, valueNode) in mapping {
      let key = try key(keyNode)
      let value = try build(valueNode, depth: depth + 1)
      guard key.text == "<<", key.tag == nil || key.tag == "!!merge" else {
        _ = set(YAMLNode.Pair(key: key, value: value))
        continue
      }
      if key.isPlain, depth > 1 { remarks.append(YAMLBuilder.plainMerge(at: key.offset)) }
      let isFirst = pairs.isEmpty
      for pair in try YAMLBuilder.merged(value, aliasMark: aliasMark) where set(pair) && !isFirst {
        remarks.append(YAMLBuilder.overridingMerge(pair.key.text, at: key.offset))
      }
    }
    return pairs
  }

  /// The pairs of a merge's value; of several maps the first has the last word.
  private static func merged(_ value: YAMLNode, aliasMark: Unicode.Scalar) throws(YAMLRemark) -> [YAMLNode
    .Pair]
  {
    let failure = YAMLRemark(
      message: "map merge requires map or sequence of maps as the value", offset: value.offset)
    switch value.content {
    case .mapping(let pairs): return pairs
    case .sequence(let items):
      var pairs: [YAMLNode.Pair] = []
      for item in items.reversed() { pairs += try merged(item, aliasMark: aliasMark) }
      return pairs
    case .scalar(let scalar) where scalar.text.unicodeScalars.first == aliasMark: return []
    case .scalar: throw failure
    }
  }

  /// Convox reads resources, services and timers into ordered maps, where its YAML library loses a merge that
  /// is not quoted (go-yaml issue 91).
  private static func plainMerge(at offset: Int) -> YAMLRemark {
    YAMLRemark(
      message: "a v2 rack loses a merge whose `<<` is not quoted; it is applied here", offset: offset,
      suggestion: "write \"<<\": in quotes")
  }

  private static func overridingMerge(_ key: String, at offset: Int) -> YAMLRemark {
    YAMLRemark(
      message: "the merge replaces `\(key)`, which stands before it", offset: offset,
      suggestion: "put the merge first")
  }
}
