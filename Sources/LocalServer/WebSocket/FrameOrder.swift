import NIOCore
import NIOWebSocket

/// A client broke the rules of RFC 6455.
struct WebSocketViolation: Error, Sendable {
  let reason: String
  /// What the connection is closed with.
  var code = WebSocketErrorCode.protocolError
}

extension WebSocketViolation {
  /// A frame that the decoder could not take.
  init(_ error: NIOWebSocketError) {
    switch error {
    case .invalidFrameLength: self.init(reason: "the frame is too long", code: .messageTooLarge)
    case .fragmentedControlFrame: self.init(reason: "a control frame in pieces")
    case .multiByteControlFrameLength: self.init(reason: "a control frame is too long")
    }
  }
}

/// Checks a client's frames against RFC 6455, and says what each means.
struct FrameOrder: Sendable {
  enum Meaning: Sendable, Hashable {
    case bytes
    case end
    case ping
    case close
    case nothing
  }

  /// What the message that is under way means; nil between messages.
  private var message: Meaning?

  /// - Throws: `WebSocketViolation`.
  mutating func check(_ frame: WebSocketFrame) throws -> Meaning {
    guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
      throw WebSocketViolation(reason: "no extension was agreed on")
    }
    // Section 5.1: a server closes the connection when a frame is not masked.
    guard frame.maskKey != nil else { throw WebSocketViolation(reason: "a client's frames are masked") }
    switch frame.opcode {
    case .text: return try begin(.bytes, frame)
    case .binary: return try begin(.end, frame)
    case .continuation:
      guard let meaning = message else { throw WebSocketViolation(reason: "nothing to continue") }
      if frame.fin { message = nil }
      return meaning == .bytes ? .bytes : .nothing
    case .ping: return .ping
    case .pong: return .nothing
    case .connectionClose: return .close
    default: throw WebSocketViolation(reason: "unknown opcode")
    }
  }

  private mutating func begin(_ meaning: Meaning, _ frame: WebSocketFrame) throws -> Meaning {
    guard message == nil else { throw WebSocketViolation(reason: "a message within a message") }
    if !frame.fin { message = meaning }
    return meaning
  }
}
