import Synchronization

/// The last part of what a client said.
final class ErrorTail: Sendable {
  private let bytes = Mutex<[UInt8]>([])
  private static let limit = 1 << 16

  func append(_ more: [UInt8]) {
    bytes.withLock { bytes in
      bytes += more
      if bytes.count > 2 * Self.limit { bytes.removeFirst(bytes.count - Self.limit) }
    }
  }

  var text: String { String(decoding: bytes.withLock { $0.suffix(Self.limit) }, as: UTF8.self) }
}
