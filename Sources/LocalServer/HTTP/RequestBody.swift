package import NIOCore
package import NIOHTTP1

/// What arrives on one connection: the heads of its requests, and the body of the current one part by part.
package struct RequestBody {
  private var parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
  private let limits: Limits
  /// Whether nothing of the current body is left to read.
  private(set) var isComplete = true
  private var expectsContinue = false

  init(
    _ parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator,
    _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>, limits: Limits
  ) {
    self.parts = parts
    self.outbound = outbound
    self.limits = limits
  }

  /// The head of the next request; nil at the connection's end.
  @concurrent
  mutating func head() async throws -> HTTPRequestHead? {
    guard case .head(let head)? = try await parts.next() else { return nil }
    isComplete = false
    expectsContinue = head.headers[canonicalForm: "Expect"].contains { $0.lowercased() == "100-continue" }
    return head
  }

  /// The next bytes of the body; nil at its end.
  @concurrent
  package mutating func next() async throws -> ByteBuffer? {
    guard !isComplete else { return nil }
    if expectsContinue {
      expectsContinue = false
      try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
    }
    switch try await parts.next() {
    case .body(let bytes)?: return bytes
    case .end?:
      isComplete = true
      return nil
    case .head?, nil: throw HTTPFailure(.badRequest, "the body broke off")
    }
  }

  /// The body as a form.
  /// - Throws: `HTTPFailure` for a body of another type, one that is too long, and one that is wrongly encoded.
  @concurrent
  package mutating func form(_ headers: HTTPHeaders) async throws -> [String: String] {
    let body = try await whole()
    guard body.readableBytes > 0 else { return [:] }
    let type = headers.first(name: "Content-Type") ?? ""
    guard type.lowercased().hasPrefix("application/x-www-form-urlencoded") else {
      throw HTTPFailure(
        .unsupportedMediaType, "a form is expected, not \(type.isEmpty ? "bare bytes" : type)")
    }
    return try FormValues.parse(String(buffer: body))
  }

  /// The whole body.
  /// - Throws: `HTTPFailure` for one that is longer than a form may be.
  @concurrent
  package mutating func whole() async throws -> ByteBuffer {
    var body = ByteBuffer()
    while var bytes = try await next() {
      guard body.readableBytes + bytes.readableBytes <= limits.form else {
        throw HTTPFailure(.payloadTooLarge, "the form is longer than \(limits.form) bytes")
      }
      body.writeBuffer(&bytes)
    }
    return body
  }

  /// Reads what is left of a body that nobody wanted, so that the next request can be found.
  /// - Returns: False when there is too much of it.
  @concurrent
  mutating func drain() async throws -> Bool {
    if expectsContinue { return isComplete }
    var count = 0
    while let bytes = try await next() {
      count += bytes.readableBytes
      if count > limits.drained { return false }
    }
    return true
  }

  /// Reads what is left until the client has ended or the connection has.
  @concurrent
  mutating func discard() async throws {
    expectsContinue = false
    while try await next() != nil {}
  }
}
