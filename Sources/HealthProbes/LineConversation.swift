import MonotonicTime

/// A conversation with a server of a text protocol, for somebody who types its commands.
package struct LineConversation: Sendable {
  private let target: ProbeTarget

  /// A conversation with a server.
  package init(with target: ProbeTarget) {
    self.target = target
  }

  /// Sends what `input` gives, nil at its end, with the line ends of the protocol, then `farewell`; hands on all that the
  /// server says until it closes the connection.
  /// - Throws: `ProbeFailure`, `CancellationError`, and what `input` and `output` throw.
  package func run(
    farewell: String, input: @escaping @Sendable () async throws -> [UInt8]?,
    output: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    let socket = try await SocketStream(to: target, until: .after(.seconds(10)))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        var lines = LineEnds()
        while let bytes = try await input() {
          try await socket.send(lines.convert(bytes), until: .never)
        }
        try await socket.send(lines.finish() + Array(farewell.utf8), until: .never)
      }
      defer { group.cancelAll() }
      do {
        while true { try await output(try await socket.receive(until: .never)) }
      } catch ProbeFailure.unreachable {
        return
      }
    }
  }
}

/// Makes line feeds the line ends of the internet's text protocols, where they are not already.
struct LineEnds {
  private var last: UInt8 = 0x0a

  mutating func convert(_ bytes: [UInt8]) -> [UInt8] {
    var converted: [UInt8] = []
    for byte in bytes {
      if byte == 0x0a, last != 0x0d { converted.append(0x0d) }
      converted.append(byte)
      last = byte
    }
    return converted
  }

  /// Ends a last line that has no end.
  mutating func finish() -> [UInt8] { last == 0x0a ? [] : [0x0d, 0x0a] }
}
