import NIOCore

/// Some output of a container or of a command inside it.
package struct LogChunk: Sendable, Hashable {
  /// The output streams.
  package enum Stream: Sendable, Hashable {
    /// Standard output, or everything where the container has a terminal.
    case stdout
    /// Standard error.
    case stderr
  }

  /// Which stream the bytes were written to.
  package let stream: Stream
  /// The bytes; neither lines nor characters are kept whole.
  package let bytes: [UInt8]

  /// A chunk of output.
  package init(stream: Stream, bytes: [UInt8]) {
    self.stream = stream
    self.bytes = bytes
  }
}

/// Takes apart the framing in which the engine sends both output streams over one connection: eight bytes
/// (stream, three zeros, length in big endian), then that many bytes of output.
///
/// Source: Engine API, "Attach to a container", stream format.
struct StreamDemultiplexer {
  private var header: [UInt8] = []
  private var stream = LogChunk.Stream.stdout
  private var missing = 0

  /// Whether everything that was announced has come.
  var isComplete: Bool { header.isEmpty && missing == 0 }

  /// Takes the next part of the stream and returns the output in it. A frame's bytes are handed on as they
  /// come, so that a frame of any length needs no memory.
  mutating func take(_ bytes: ByteBuffer, action: String) throws -> [LogChunk] {
    var rest = bytes
    var chunks: [LogChunk] = []
    while rest.readableBytes > 0 {
      if missing > 0 {
        let output = rest.readBytes(length: min(missing, rest.readableBytes)) ?? []
        missing -= output.count
        chunks.append(LogChunk(stream: stream, bytes: output))
      } else {
        header += rest.readBytes(length: min(8 - header.count, rest.readableBytes)) ?? []
        if header.count == 8 { try openFrame(action) }
      }
    }
    return chunks
  }

  private mutating func openFrame(_ action: String) throws {
    defer { header = [] }
    guard header[0] <= 2, header[1...3].allSatisfy({ $0 == 0 }) else {
      throw DockerError(.invalidResponse, "cannot \(action): the output is not framed as the API documents")
    }
    stream = header[0] == 2 ? .stderr : .stdout
    missing = header[4...7].reduce(0) { $0 << 8 | Int($1) }
  }
}
