import ByteStreams

/// The keys by which somebody leaves a terminal that goes on: Ctrl-P, then Ctrl-Q, as docker has them.
package struct DetachKeys: Sendable {
  private static let first: UInt8 = 0x10
  private static let second: UInt8 = 0x11
  private var isHeld = false

  /// Nothing typed yet.
  package init() {}

  /// Looks through what was typed.
  /// - Returns: What is meant for the terminal, in which the first key waits for the next one; and whether it is left.
  package mutating func take(_ bytes: [UInt8]) -> (passed: [UInt8], isOver: Bool) {
    var passed: [UInt8] = []
    for byte in bytes {
      if isHeld, byte == Self.second { return (passed, true) }
      if isHeld { passed.append(Self.first) }
      isHeld = byte == Self.first
      if !isHeld { passed.append(byte) }
    }
    return (passed, false)
  }
}

/// What is typed, up to the keys by which the terminal is left.
actor DetachableInput {
  private let source: ByteSource
  private var keys = DetachKeys()
  private var isOver = false

  init(_ source: @escaping ByteSource) { self.source = source }

  /// The next bytes; nil once the terminal is left.
  func next() async throws -> [UInt8]? {
    while !isOver, let bytes = try await source() {
      let (passed, isLast) = keys.take(bytes)
      isOver = isLast
      if !passed.isEmpty { return passed }
    }
    return nil
  }
}
