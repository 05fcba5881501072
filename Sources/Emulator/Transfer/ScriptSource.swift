import ByteStreams
import Engines

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
