import CLibYAML

/// The events of a YAML text as libyaml finds them, one at a time.
struct YAMLEvents: ~Copyable {
  /// What a node brings besides its content.
  struct Properties {
    /// The name that aliases know it by.
    var anchor: String?
    /// The explicit tag, its handle resolved.
    var tag: String?
  }

  enum Kind {
    case documentStart
    case documentEnd
    case streamEnd
    case scalar(Properties, text: String, isPlain: Bool)
    case sequenceStart(Properties)
    case mappingStart(Properties)
    case collectionEnd
    case alias(String)
  }

  struct Event {
    var kind: Kind
    /// Where it begins, in bytes of the interpolated text.
    var offset: Int
  }

  private let source: ManifestSource
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  /// libyaml reads in place.
  private let input: UnsafeMutableBufferPointer<UInt8>

  /// - Parameter source: The text, which is copied.
  init(_ source: ManifestSource) throws(YAMLRemark) {
    self.source = source
    parser = .allocate(capacity: 1)
    guard yaml_parser_initialize(parser) == 1 else {
      parser.deallocate()
      throw YAMLRemark(message: "no memory to read YAML", offset: 0)
    }
    let bytes = source.text.bytes
    input = .allocate(capacity: bytes.count)
    _ = input.initialize(from: bytes)
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  /// The next event; after the end of the stream, that again.
  mutating func next() throws(YAMLRemark) -> Event {
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(parser, &event) == 1 else { throw YAMLRemark(parser.pointee, source) }
      defer { yaml_event_delete(&event) }
      if let kind = kind(of: event) { return Event(kind: kind, offset: source.offset(of: event.start_mark)) }
    }
  }

  private func kind(of event: yaml_event_t) -> Kind? {
    switch event.type {
    case YAML_STREAM_START_EVENT: return nil
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      return .scalar(
        Properties(anchor: text(scalar.anchor), tag: text(scalar.tag)),
        text: String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      return .sequenceStart(Properties(anchor: text(start.anchor), tag: text(start.tag)))
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      return .mappingStart(Properties(anchor: text(start.anchor), tag: text(start.tag)))
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .collectionEnd
    // Of no type where the stream has ended before.
    default: return .streamEnd
    }
  }

  private func text(_ characters: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    characters.map { String(cString: $0) }
  }
}

extension ManifestSource {
  /// The byte at a place as libyaml marks it: line and column from 0, columns in Unicode scalars.
  func offset(of mark: yaml_mark_t) -> Int {
    marks.offset(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }
}
