/// Takes the next bytes of a stream and returns when there is room for more. Throwing ends the stream.
package typealias ByteSink = @Sendable (_ bytes: [UInt8]) async throws -> Void

/// Gives the next bytes of a stream, at least one; nil at its end. It has to heed cancellation.
package typealias ByteSource = @Sendable () async throws -> [UInt8]?

/// A source whose first bytes can be looked at before they are taken.
package actor PeekedSource {
  private let source: ByteSource
  private var head: [UInt8] = []
  private var isOver = false

  /// Takes over a source: from now on, nobody else may read from it.
  package init(_ source: @escaping ByteSource) {
    self.source = source
  }

  /// The first bytes, `count` of them unless the stream has fewer; they stay to be taken.
  package func peek(_ count: Int) async throws -> [UInt8] {
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
  package func next() async throws -> [UInt8]? {
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

/// A source with bytes of ours at its end.
package actor AppendedSource {
  private let source: ByteSource
  private let rest: @Sendable () async -> [UInt8]
  private var isOver = false

  /// - Parameter rest: Asked for what is to follow once the source has ended.
  package init(_ source: @escaping ByteSource, _ rest: @escaping @Sendable () async -> [UInt8]) {
    self.source = source
    self.rest = rest
  }

  /// Whether our bytes have been taken.
  package var hasEnded: Bool { isOver }

  package func next() async throws -> [UInt8]? {
    guard !isOver else { return nil }
    if let bytes = try await source() { return bytes }
    isOver = true
    return await rest()
  }
}
