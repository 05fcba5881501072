import Foundation

/// A request as the stub server got it.
public struct StubRequest: Sendable {
  /// The method, such as `GET`.
  public let method: String
  /// Path and query as they were sent.
  public let target: String
  /// The headers, names in small letters.
  public let headers: [(name: String, value: String)]
  /// The body.
  public let body: [UInt8]

  /// The path without the query, as it was sent.
  public var path: String { String(target.prefix { $0 != "?" }) }

  /// The query's parameters, decoded; the first of each name.
  public var query: [String: String] {
    let items = URLComponents(string: target)?.queryItems ?? []
    return Dictionary(items.map { ($0.name, $0.value ?? "") }) { first, _ in first }
  }

  /// The body as text.
  public var text: String { String(decoding: body, as: UTF8.self) }

  /// The first header of a name in small letters.
  public func header(_ name: String) -> String? {
    headers.first { $0.name == name }?.value
  }
}

/// An answer of the stub server, whole or broken.
public struct StubResponse: Sendable {
  /// What is written, piece by piece.
  let pieces: [[UInt8]]
  /// Whether the server closes the connection after that; else it stays silent.
  let closes: Bool

  /// A complete answer with a length.
  public static func reply(
    _ status: Int = 200, _ body: String = "", headers: [String: String] = ["Content-Type": "application/json"]
  ) -> StubResponse {
    let head = head(status, headers.merging(["Content-Length": String(body.utf8.count)]) { _, new in new })
    return StubResponse(pieces: [head + Array(body.utf8)], closes: true)
  }

  /// What a stream does after its last chunk.
  public enum StreamEnd: Sendable {
    /// It ends as HTTP wants it.
    case complete
    /// The connection breaks without an end.
    case breaksOff
    /// Nothing more comes.
    case hangs
  }

  /// An answer in chunks, each of which arrives as a part of its own.
  public static func stream(
    _ chunks: [[UInt8]], status: Int = 200, headers: [String: String] = [:], end: StreamEnd = .complete
  ) -> StubResponse {
    let head = head(status, headers.merging(["Transfer-Encoding": "chunked"]) { _, new in new })
    let framed = chunks.map { Array("\(String($0.count, radix: 16))\r\n".utf8) + $0 + Array("\r\n".utf8) }
    let last = end == .complete ? [Array("0\r\n\r\n".utf8)] : []
    return StubResponse(pieces: [head] + framed + last, closes: end != .hangs)
  }

  /// Bytes as they are, after which the connection is closed.
  public static func raw(_ bytes: String) -> StubResponse {
    StubResponse(pieces: [Array(bytes.utf8)], closes: true)
  }

  /// No answer at all, on a connection that stays open.
  public static let silence = StubResponse(pieces: [], closes: false)

  private static func head(_ status: Int, _ headers: [String: String]) -> [UInt8] {
    let lines = headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }
    return Array("HTTP/1.1 \(status) Stub\r\n\(lines.joined())\r\n".utf8)
  }
}
