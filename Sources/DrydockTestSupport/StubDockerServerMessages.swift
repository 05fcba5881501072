import Foundation

/// A request as the stub server got it.
package struct StubRequest: Sendable {
  /// The method, such as `GET`.
  package let method: String
  /// Path and query as they were sent.
  package let target: String
  /// The headers, names in small letters.
  package let headers: [(name: String, value: String)]
  package let body: [UInt8]

  /// The path without the query, as it was sent.
  package var path: String { String(target.prefix { $0 != "?" }) }

  /// The query's parameters, decoded; the first of each name.
  package var query: [String: String] {
    let items = URLComponents(string: target)?.queryItems ?? []
    return Dictionary(items.map { ($0.name, $0.value ?? "") }) { first, _ in first }
  }

  /// The body as text.
  package var text: String { String(decoding: body, as: UTF8.self) }

  /// The first header of a name in small letters.
  package func header(_ name: String) -> String? {
    headers.first { $0.name == name }?.value
  }
}

/// An answer of the stub server, whole or broken.
package struct StubResponse: Sendable {
  /// What is written, piece by piece.
  let pieces: [[UInt8]]
  /// Whether the server closes the connection after that; else it stays silent.
  let closes: Bool

  /// A complete answer with a length.
  package static func reply(
    _ status: Int = 200, _ body: String = "", headers: [String: String] = ["Content-Type": "application/json"]
  ) -> StubResponse {
    // A client that keeps connections, as docker's does, would send its next request into one that closes.
    let added = ["Content-Length": String(body.utf8.count), "Connection": "close"]
    let head = head(status, headers.merging(added) { _, new in new })
    return StubResponse(pieces: [head + Array(body.utf8)], closes: true)
  }

  /// What a stream does after its last chunk.
  package enum StreamEnd: Sendable {
    /// It ends as HTTP wants it.
    case complete
    /// The connection breaks without an end.
    case breaksOff
    /// Nothing more comes.
    case hangs
  }

  /// An answer in chunks, each of which arrives as a part of its own.
  package static func stream(
    _ chunks: [[UInt8]], status: Int = 200, headers: [String: String] = [:], end: StreamEnd = .complete
  ) -> StubResponse {
    let connection = end == .hangs ? [:] : ["Connection": "close"]
    let added = connection.merging(["Transfer-Encoding": "chunked"]) { $1 }
    let head = head(status, headers.merging(added) { _, new in new })
    let framed = chunks.map { Array("\(String($0.count, radix: 16))\r\n".utf8) + $0 + Array("\r\n".utf8) }
    let last = end == .complete ? [Array("0\r\n\r\n".utf8)] : []
    return StubResponse(pieces: [head] + framed + last, closes: end != .hangs)
  }

  /// Bytes as they are, after which the connection is closed.
  package static func raw(_ bytes: String) -> StubResponse {
    StubResponse(pieces: [Array(bytes.utf8)], closes: true)
  }

  /// No answer at all, on a connection that stays open.
  package static let silence = StubResponse(pieces: [], closes: false)

  private static func head(_ status: Int, _ headers: [String: String]) -> [UInt8] {
    let lines = headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }
    return Array("HTTP/1.1 \(status) Stub\r\n\(lines.joined())\r\n".utf8)
  }
}
