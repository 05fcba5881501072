/// Builds the nodes of a document from its events: aliases written out, merges applied, within bounds.
struct YAMLBuilder {
  /// The deepest nesting that is read. Convox needs six levels.
  private static let depthLimit = 100
  /// The most values that are read, each alias counted as often as it is used.
  private static let valueLimit = 100_000

  /// A node that is complete.
  private struct Built {
    var node: YAMLNode
    /// The values in it, itself among them.
    var values: Int
    /// The levels in it, itself among them.
    var height: Int
  }

  /// A sequence or a mapping whose end has not come.
  private struct Collection {
    enum Content {
      case sequence([YAMLNode])
      case mapping(YAMLMapping)
    }

    var content: Content
    var anchor: String?
    var offset: Int
    var values = 1
    var height = 1

    var awaitsKey: Bool { if case .mapping(let mapping) = content { mapping.key == nil } else { false } }
  }

  private let source: ManifestSource
  private var open: [Collection] = []
  private var anchors: [String: Built] = [:]
  private var values = 0
  /// What is worth saying besides.
  private(set) var remarks: [YAMLRemark] = []

  init(_ source: ManifestSource) { self.source = source }

  /// Reads one node with all that it holds, the events' next.
  mutating func build(_ events: inout YAMLEvents) throws(YAMLRemark) -> YAMLNode {
    while true {
      if let root = try take(try events.next()) { return root }
    }
  }

  /// - Returns: The root, once it is complete.
  private mutating func take(_ event: YAMLEvents.Event) throws(YAMLRemark) -> YAMLNode? {
    if open.last?.awaitsKey == true, try takeKey(event) { return nil }
    switch event.kind {
    case .scalar(let properties, let text, let isPlain):
      try count(1, height: 1, at: event.offset)
      let scalar = YAMLScalar(text, properties.tag, isPlain: isPlain, offset: event.offset)
      let node = YAMLNode(content: .scalar(scalar), offset: event.offset)
      return try complete(Built(node: node, values: 1, height: 1), properties.anchor)
    case .sequenceStart(let properties):
      try count(1, height: 1, at: event.offset)
      open.append(Collection(content: .sequence([]), anchor: properties.anchor, offset: event.offset))
    case .mappingStart(let properties):
      try count(1, height: 1, at: event.offset)
      open.append(
        Collection(content: .mapping(YAMLMapping()), anchor: properties.anchor, offset: event.offset))
    case .collectionEnd:
      guard let ended = open.popLast() else { return nil }
      let content: YAMLNode.Content =
        switch ended.content {
        case .sequence(let items): .sequence(items)
        case .mapping(let mapping): .mapping(mapping.pairs)
        }
      let node = YAMLNode(content: content, offset: ended.offset)
      return try complete(Built(node: node, values: ended.values, height: ended.height), ended.anchor)
    case .alias(let name):
      guard let known = anchors[name] else {
        throw YAMLRemark(message: "found undefined alias", offset: event.offset)
      }
      try count(known.values, height: known.height, at: event.offset)
      return try complete(known, nil)
    case .documentStart, .documentEnd, .streamEnd: break
    }
    return nil
  }

  /// - Returns: Whether it was a key; the mapping's end is none.
  private mutating func takeKey(_ event: YAMLEvents.Event) throws(YAMLRemark) -> Bool {
    switch event.kind {
    case .scalar(let properties, let text, let isPlain):
      var key = YAMLScalar(text, properties.tag, isPlain: isPlain, offset: event.offset)
      if isPlain, key.tag == nil { key.isPlain = true }
      if let anchor = properties.anchor {
        anchors[anchor] = Built(
          node: YAMLNode(content: .scalar(key), offset: event.offset), values: 1, height: 1)
      }
      let source = source
      try changeMapping { (mapping) throws(YAMLRemark) in try mapping.begin(key, source) }
      return true
    case .sequenceStart, .mappingStart:
      throw YAMLRemark(message: "invalid map key: a key has to be a word", offset: event.offset)
    case .alias:
      throw YAMLRemark(message: "invalid map key: an alias cannot be a key", offset: event.offset)
    default: return false
    }
  }

  /// Counts what is to be added at the present depth.
  private mutating func count(_ added: Int, height: Int, at offset: Int) throws(YAMLRemark) {
    values += added
    guard values <= YAMLBuilder.valueLimit else {
      throw YAMLRemark(
        message: "document contains excessive aliasing, or more than \(YAMLBuilder.valueLimit) values",
        offset: offset)
    }
    guard open.count + height <= YAMLBuilder.depthLimit else {
      throw YAMLRemark(message: "nested deeper than \(YAMLBuilder.depthLimit) levels", offset: offset)
    }
  }

  /// Gives a node to what holds it.
  /// - Returns: The node, where nothing holds it.
  private mutating func complete(_ built: Built, _ anchor: String?) throws(YAMLRemark) -> YAMLNode? {
    if let anchor { anchors[anchor] = built }
    guard let last = open.indices.last else { return built.node }
    open[last].values += built.values
    open[last].height = max(open[last].height, built.height + 1)
    if case .sequence(var items) = open[last].content {
      open[last].content = .sequence([])
      items.append(built.node)
      open[last].content = .sequence(items)
    } else {
      // Convox reads resources, services and timers into ordered maps, which the root is none of.
      let isOrdered = open.count > 1
      var found: [YAMLRemark] = []
      try changeMapping { (mapping) throws(YAMLRemark) in
        found = try mapping.end(with: built.node, isOrdered: isOrdered)
      }
      remarks += found
    }
    return nil
  }

  /// Changes the innermost collection, a mapping, in place.
  private mutating func changeMapping(
    _ change: (inout YAMLMapping) throws(YAMLRemark) -> Void
  ) throws(YAMLRemark) {
    guard let last = open.indices.last, case .mapping(var mapping) = open[last].content else { return }
    // Held twice, it would be copied for each pair.
    open[last].content = .sequence([])
    try change(&mapping)
    open[last].content = .mapping(mapping)
  }
}

extension YAMLScalar {
  /// A scalar as libyaml has it. What is tagged as a string is like one in quotes.
  fileprivate init(_ text: String, _ tag: String?, isPlain: Bool, offset: Int) {
    let prefix = "tag:yaml.org,2002:"
    let short = tag.map { $0.hasPrefix(prefix) ? "!!" + $0.dropFirst(prefix.count) : $0 }
    let isString = short == "!!str"
    self.init(text: text, isPlain: isPlain && !isString, tag: isString ? nil : short, offset: offset)
  }
}
