import Synchronization

/// Bytes that arrive, handed out as lines.
final class LineBuffer: Sendable {
  private let bytes = Mutex<[UInt8]>([])

  /// How many bytes wait.
  var count: Int { bytes.withLock(\.count) }

  /// Takes what arrived.
  func append(_ more: [UInt8]) { bytes.withLock { $0 += more } }

  /// The first whole line, without its end; nil where there is none.
  func next() -> [UInt8]? {
    bytes.withLock { bytes in
      guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      defer { bytes.removeFirst(end + 1) }
      return Array(bytes[..<end])
    }
  }
}
