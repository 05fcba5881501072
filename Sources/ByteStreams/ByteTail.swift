import Synchronization

/// The last bytes of a stream that passes.
package final class ByteTail: Sendable {
  private let bytes = Mutex<[UInt8]>([])
  private let limit: Int

  /// An empty tail.
  /// - Parameter limit: How many bytes it keeps.
  package init(limit: Int) { self.limit = limit }

  /// Takes the stream's next bytes.
  package func append(_ more: [UInt8]) {
    bytes.withLock { bytes in
      bytes += more.suffix(limit)
      // Not each time: what is moved down is as long as what stays.
      if bytes.count > 2 * limit { bytes.removeFirst(bytes.count - limit) }
    }
  }

  /// The bytes.
  package var last: [UInt8] { bytes.withLock { Array($0.suffix(limit)) } }

  /// The bytes as text; what is cut off at its beginning is replaced.
  package var text: String { String(decoding: last, as: UTF8.self) }
}
