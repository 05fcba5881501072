import Synchronization

/// The last bytes of a stream of output.
final class Kept: Sendable {
  private let bytes = Mutex<[UInt8]>([])
  private let limit: Int

  init(limit: Int) {
    self.limit = limit
  }

  func append(_ more: [UInt8]) {
    bytes.withLock { bytes in
      bytes += more
      if bytes.count > limit { bytes.removeFirst(bytes.count - limit) }
    }
  }

  var all: [UInt8] { bytes.withLock { $0 } }

  var text: String { String(decoding: all, as: UTF8.self) }
}
