package import ByteStreams
package import Engines

/// A source that passes filters, with bytes of ours before it.
package actor ScriptSource {
  private let source: ByteSource
  private var opening: [UInt8]
  private var filters: [any ScriptFilter]
  private var isOver = false

  /// - Parameters:
  ///   - opening: Passed first, and by no filter.
  ///   - filters: Each gets what the one before has left.
  package init(_ source: @escaping ByteSource, opening: [UInt8] = [], filters: [any ScriptFilter]) {
    self.source = source
    self.opening = opening
    self.filters = filters
  }

  /// What was left out of the script so far, or changed; nil for nothing.
  package var remarks: String? {
    let remarks = filters.flatMap(\.remarks)
    return remarks.isEmpty ? nil : "left out or changed: " + remarks.joined(separator: "; ")
  }

  /// Whether all that has passed is one transaction.
  package var isOneTransaction: Bool { filters.allSatisfy(\.isOneTransaction) }

  /// Whether what has passed ends in the midst of a statement.
  package var hasOpenStatement: Bool { filters.contains(where: \.hasOpenStatement) }

  package func next() async throws -> [UInt8]? {
    guard opening.isEmpty else {
      defer { opening = [] }
      return opening
    }
    while !isOver {
      let bytes = try await source()
      isOver = bytes == nil
      let passed = try pass(bytes)
      // Nothing at all would be the end.
      if !passed.isEmpty { return passed }
    }
    return nil
  }

  /// Hands a piece from filter to filter; nil for the end, at which each has what it held to give.
  private func pass(_ piece: [UInt8]?) throws -> [UInt8] {
    var bytes = piece ?? []
    for index in filters.indices {
      if !bytes.isEmpty { bytes = try filters[index].take(bytes) }
      if piece == nil { bytes += try filters[index].finish() }
    }
    return bytes
  }
}
