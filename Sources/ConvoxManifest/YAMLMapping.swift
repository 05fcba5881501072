/// The pairs of a mapping, in order, while they are read.
///
/// Of two values for one key the later wins where one of them is merged, as in Convox; a key that is written twice is
/// refused.
struct YAMLMapping {
  private(set) var pairs: [YAMLNode.Pair] = []
  /// The key whose value is awaited.
  private(set) var key: YAMLScalar?
  /// Where the value of a key is, among the pairs.
  private var places: [String: Int] = [:]
  /// Where a key is written.
  private var written: [String: Int] = [:]

  /// Takes a key.
  mutating func begin(_ key: YAMLScalar, _ source: ManifestSource) throws(YAMLRemark) {
    if !key.isMerge {
      if let first = written[key.text] {
        throw YAMLRemark(
          message: "key \"\(key.text)\" already set in map", offset: key.offset,
          // Facts of both racks' parser, which says nothing of it.
          suggestion:
            "the first is at \(source.location(of: first)); give it once, as a rack takes the last of two "
            + "values, and both of two services")
      }
      written[key.text] = key.offset
    }
    self.key = key
  }

  /// Takes the value of the key.
  /// - Parameter isOrdered: Whether a v2 rack reads the mapping into an ordered map.
  /// - Returns: What is worth saying about a merge.
  mutating func end(with value: YAMLNode, isOrdered: Bool) throws(YAMLRemark) -> [YAMLRemark] {
    guard let key = key.take() else { return [] }
    guard key.isMerge else {
      _ = set(YAMLNode.Pair(key: key, value: value))
      return []
    }
    var remarks = key.isPlain && isOrdered ? [YAMLMapping.plainMerge(at: key.offset)] : []
    let isFirst = pairs.isEmpty
    for pair in try YAMLMapping.merged(value) where set(pair) && !isFirst {
      remarks.append(YAMLMapping.overridingMerge(pair.key.text, at: key.offset))
    }
    return remarks
  }

  /// - Returns: Whether the key had a value.
  private mutating func set(_ pair: YAMLNode.Pair) -> Bool {
    if let place = places[pair.key.text] {
      pairs[place].value = pair.value
      return true
    }
    places[pair.key.text] = pairs.count
    pairs.append(pair)
    return false
  }

  /// The pairs of a merge's value; of several maps the first has the last word.
  private static func merged(_ value: YAMLNode) throws(YAMLRemark) -> [YAMLNode.Pair] {
    switch value.content {
    case .mapping(let pairs): return pairs
    case .sequence(let items):
      var pairs: [YAMLNode.Pair] = []
      for item in items.reversed() { pairs += try merged(item) }
      return pairs
    case .scalar:
      throw YAMLRemark(
        message: "map merge requires map or sequence of maps as the value", offset: value.offset)
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

extension YAMLScalar {
  /// Whether a key stands for the pairs of its value.
  fileprivate var isMerge: Bool { text == "<<" && (tag == nil || tag == "!!merge") }
}
