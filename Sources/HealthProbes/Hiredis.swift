internal import CHiredis
import Essentials

/// The version of hiredis this was compiled against, for instance "0.14.1".
package func hiredisVersion() -> String {
  "\(HIREDIS_MAJOR).\(HIREDIS_MINOR).\(HIREDIS_PATCH)"
}

/// What redis answers to a command, as far as a probe needs it.
enum RedisReply: Sendable, Hashable {
  case text(String)
  /// An error; the first word of its message is its code.
  case error(String)
  case other
}

/// What redis answers to a command, with its bytes as they are.
enum RedisValue: Sendable, Hashable {
  case bytes([UInt8])
  case integer(Int)
  case array([RedisValue])
  case null
  case error(String)
}

/// A command in redis's wire format.
func redisCommand(_ words: [String]) -> [UInt8] {
  var formatted: UnsafeMutablePointer<CChar>?
  let lengths = words.map(\.utf8.count)
  let length = withCStrings(words) { pointers in
    let arguments = UnsafeMutablePointer(mutating: pointers)
    return redisFormatCommandArgv(&formatted, Int32(words.count), arguments, lengths)
  }
  guard let formatted, let length, length > 0 else { return [] }
  defer { redisFreeCommand(formatted) }
  return UnsafeBufferPointer(start: formatted, count: Int(length)).map { UInt8(bitPattern: $0) }
}

/// hiredis's reader: takes bytes as they come and yields whole replies.
///
/// The bytes travel over our own socket, because hiredis 0.14 writes with `write(2)`, which raises SIGPIPE when
/// the server has gone.
final class RedisReader {
  private let reader: UnsafeMutablePointer<redisReader>

  init() throws(ProbeFailure) {
    guard let reader = redisReaderCreate() else { throw .rejected(message: "out of memory") }
    self.reader = reader
  }

  deinit {
    redisReaderFree(reader)
  }

  /// Adds bytes that were received.
  func feed(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { raw in
      _ = redisReaderFeed(reader, raw.bindMemory(to: CChar.self).baseAddress, raw.count)
    }
  }

  /// The next whole reply, `nil` while it is incomplete.
  /// - Throws: `ProbeFailure.wrongProtocol` if the bytes are not redis's.
  func next() throws(ProbeFailure) -> RedisReply? {
    try take { reply in
      switch reply.type {
      case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: .text(Self.text(reply))
      case REDIS_REPLY_ERROR: .error(Self.text(reply))
      default: .other
      }
    }
  }

  /// The next whole reply with its bytes as they are, `nil` while it is incomplete.
  /// - Throws: `ProbeFailure.wrongProtocol` if the bytes are not redis's.
  func nextValue() throws(ProbeFailure) -> RedisValue? { try take(Self.value) }

  private func take<Reply>(_ read: (redisReply) -> Reply) throws(ProbeFailure) -> Reply? {
    var object: UnsafeMutableRawPointer?
    guard redisReaderGetReply(reader, &object) == REDIS_OK else {
      throw .wrongProtocol(message: "the answer is not redis's")
    }
    guard let object else { return nil }
    defer { freeReplyObject(object) }
    return read(object.assumingMemoryBound(to: redisReply.self).pointee)
  }

  private static func value(_ reply: redisReply) -> RedisValue {
    switch reply.type {
    case REDIS_REPLY_STRING, REDIS_REPLY_STATUS:
      .bytes(reply.str.map { Array(UnsafeRawBufferPointer(start: $0, count: reply.len)) } ?? [])
    case REDIS_REPLY_ERROR: .error(text(reply))
    case REDIS_REPLY_INTEGER: .integer(Int(reply.integer))
    case REDIS_REPLY_ARRAY:
      .array(
        (0..<Int(reply.elements)).compactMap { reply.element[$0].map { value($0.pointee) } })
    default: .null
    }
  }

  private static func text(_ reply: redisReply) -> String {
    guard let start = reply.str else { return "" }
    return String(decoding: UnsafeRawBufferPointer(start: start, count: reply.len), as: UTF8.self)
  }
}
