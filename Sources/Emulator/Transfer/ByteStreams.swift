import Engines

/// Takes the next bytes of a stream and returns when there is room for more. Throwing ends the stream.
public typealias ByteSink = @Sendable (_ bytes: [UInt8]) async throws -> Void

/// Gives the next bytes of a stream, at least one; nil at its end. It has to heed cancellation.
public typealias ByteSource = @Sendable () async throws -> [UInt8]?

/// A source whose first bytes can be looked at before they are taken.
actor PeekedSource {
  private let source: ByteSource
  private var head: [UInt8] = []
  private var isOver = false

  init(_ source: @escaping ByteSource) {
    self.source = source
  }

  /// The first bytes, `count` of them unless the stream has fewer; they stay to be taken.
  func peek(_ count: Int) async throws -> [UInt8] {
    while head.count < count, !isOver {
      guard let bytes = try await source() else {
        isOver = true
        break
      }
      head += bytes
    }
    return Array(head.prefix(count))
  }

  /// The next bytes; nil at the end.
  func next() async throws -> [UInt8]? {
    guard head.isEmpty else {
      defer { head = [] }
      return head
    }
    guard !isOver else { return nil }
    let bytes = try await source()
    isOver = bytes == nil
    return bytes
  }
}

/// A source that passes a filter, with bytes of ours before it.
actor ScriptSource {
  private let source: ByteSource
  private var opening: [UInt8]
  private var filter: (any ScriptFilter)?
  private var isOver = false

  init(_ source: @escaping ByteSource, opening: [UInt8], filter: (any ScriptFilter)?) {
    self.source = source
    self.opening = opening
    self.filter = filter
  }

  func next() async throws -> [UInt8]? {
    guard opening.isEmpty else {
      defer { opening = [] }
      return opening
    }
    while !isOver {
      let bytes = try await source()
      isOver = bytes == nil
      let passed = try bytes.map { try filter?.take($0) ?? $0 } ?? filter?.finish() ?? []
      // Nothing at all would be the end.
      if !passed.isEmpty { return passed }
    }
    return nil
  }
}

/// A source with bytes of ours at its end.
actor AppendedSource {
  private let source: ByteSource
  private var rest: [UInt8]?

  init(_ source: @escaping ByteSource, _ rest: [UInt8]) {
    self.source = source
    self.rest = rest
  }

  func next() async throws -> [UInt8]? {
    guard let rest else { return nil }
    if let bytes = try await source() { return bytes }
    self.rest = nil
    return rest
  }
}
