/// A value of a YAML document with its place, aliases expanded and merges applied.
struct YAMLNode: Sendable {
  /// What a node can be.
  enum Content: Sendable {
    case scalar(YAMLScalar)
    case sequence([YAMLNode])
    case mapping([Pair])
  }

  /// A key and its value, in the order of the file.
  struct Pair: Sendable {
    var key: YAMLScalar
    var value: YAMLNode
  }

  var content: Content
  /// Where it begins, in bytes of the interpolated text.
  var offset: Int

  /// The scalar, where it is one.
  var scalar: YAMLScalar? { if case .scalar(let scalar) = content { scalar } else { nil } }

  /// Whether it is absent, empty, or YAML's null.
  var isNull: Bool { scalar.map { $0.resolved == .null } ?? false }
}

/// A scalar as it is written.
struct YAMLScalar: Sendable {
  /// The text, without quotes and escapes.
  var text: String
  /// Whether it is written without quotes.
  var isPlain: Bool
  /// The explicit tag in its short form, such as `!!str`.
  var tag: String?
  /// Where it begins, in bytes of the interpolated text.
  var offset: Int
}

/// The first document of a YAML text.
struct YAMLDocument: Sendable {
  /// What it holds; nil for nothing but comments.
  var root: YAMLNode?
  /// What is worth saying about its form.
  var remarks: [YAMLRemark] = []
}

/// A finding about YAML itself; as an error, the reason why there is no document.
struct YAMLRemark: Error, Sendable {
  var message: String
  /// Where, in bytes of the interpolated text.
  var offset: Int
  var suggestion: String?
}
