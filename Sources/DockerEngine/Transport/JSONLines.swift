import Essentials
import NIOCore

/// Cuts a stream of JSON values, one a line, into lines, whatever parts it arrives in.
struct JSONLines {
  /// The longest line that is taken, in bytes.
  static let lineLimit = 1 << 20

  private var pending = Data()

  /// Takes the next part and returns the lines that are complete now, without blank ones.
  mutating func take(_ bytes: ByteBuffer, action: String) throws -> [Data] {
    pending.append(contentsOf: bytes.readableBytesView)
    var lines: [Data] = []
    var start = pending.startIndex
    while let newline = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(Data(pending[start..<newline]))
      start = pending.index(after: newline)
    }
    pending = Data(pending[start...])
    guard pending.count <= Self.lineLimit else {
      throw DockerError(
        .bodyTooLarge(limit: Self.lineLimit), "cannot \(action): a line exceeds \(Self.lineLimit) bytes")
    }
    return lines.filter { !isBlank($0) }
  }

  /// The last line, where the stream does not end in a newline.
  mutating func finish() -> Data? {
    defer { pending = Data() }
    return isBlank(pending) ? nil : pending
  }

  private func isBlank(_ line: Data) -> Bool {
    line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t") }
  }
}
