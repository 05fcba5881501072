import DrydockTestSupport
import Foundation
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import ServiceRouter

/// Heads and bodies that are almost right, from a seed that is told when one fails.
@Suite struct FuzzTests {
  /// What a request is put together from; most of it is right, so that what is behind is reached.
  private static let pieces = [
    "GET / HTTP/1.1\r\n", "POST /a?b HTTP/1.1\r\n", "PUT /x HTTP/1.0\r\n", "OPTIONS * HTTP/1.1\r\n",
    "Host: a\r\n",
    "Host: b\r\n", "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Content-Length: 05\r\n",
    "Transfer-Encoding: chunked\r\n", "transfer-encoding: Chunked\r\n", "Transfer-Encoding: identity\r\n",
    "Connection: close\r\n", "Connection: content-length, x\r\n", "X: \u{e4}\r\n", "X:\r\n", " folded\r\n",
    "X : y\r\n", "Expect: 100-continue\r\n", "\r\n", "\r\n", "\n", "\r", "\0", "\t", " ", ":",
    "5\r\nabcde\r\n",
    "0\r\n", "0\r\n\r\n", "5;x=\"y\"\r\n", "abcde", "ffffffffffffffffff\r\n", "X-Trailer: y\r\n",
  ]

  private func message(_ random: inout Seeded) -> [UInt8] {
    var bytes: [UInt8] = []
    if Bool.random(using: &random) { bytes += Array("POST / HTTP/1.1\r\nHost: a\r\n".utf8) }
    for _ in 0..<Int.random(in: 1...12, using: &random) {
      bytes += Array(Self.pieces.randomElement(using: &random)?.utf8 ?? "".utf8)
    }
    if Int.random(in: 0..<4, using: &random) == 0, let index = bytes.indices.randomElement(using: &random) {
      bytes[index] = UInt8.random(in: 0...255, using: &random)
    }
    return bytes
  }

  private static var rounds: Int {
    let seconds = ProcessInfo.processInfo.environment["DRYDOCK_FUZZ_SECONDS"].flatMap { Int($0) }
    return seconds.map { $0 * 5000 } ?? 5000
  }

  @Test func `a message is read the same in whatever pieces it comes`() throws {
    for round in 0..<Self.rounds {
      let seed = UInt64.random(in: 0...UInt64.max)
      var random = Seeded(seed)
      let bytes = message(&random)
      let whole = Reading(of: [bytes])
      var pieces: [[UInt8]] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = min(Int.random(in: 1...9, using: &random), rest.count)
        pieces.append(Array(rest.prefix(count)))
        rest.removeFirst(count)
      }
      guard whole == Reading(of: pieces) else {
        Issue.record(
          "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
        return
      }
    }
  }

  /// Whatever we take, the other reader takes too, and finds the same bodies in it: nothing can be hidden from it.
  @Test func `what is passed on is read by others as it is here`() throws {
    for round in 0..<Self.rounds {
      let seed = UInt64.random(in: 0...UInt64.max)
      var random = Seeded(seed)
      let bytes = message(&random)
      let reading = Reading(of: [bytes])
      guard !reading.forwarded.isEmpty else { continue }
      let theirs = try NIOReading(of: reading.forwarded)
      // It knows no methods but those of a list.
      if theirs.error as? HTTPParserError == .invalidMethod { continue }
      let isSame =
        theirs.error == nil && theirs.heads == reading.heads && theirs.body == reading.body
        && theirs.ends == reading.ends
      guard isSame else {
        Issue.record("seed \(seed), round \(round): \(reading) \(theirs)")
        return
      }
    }
  }
}

/// What our own reader finds in bytes, and what would be passed on of them.
private struct Reading: Equatable {
  var heads = 0
  var body: [UInt8] = []
  var ends = 0
  var fault: MessageFault?
  var forwarded: [UInt8] = []

  init(of pieces: [[UInt8]]) {
    var scanner = HeadScanner()
    var (reader, isChunked) = (BodyReader?.none, false)
    var received = ByteBuffer()
    do {
      for piece in pieces {
        received.writeBytes(piece)
        while true {
          if var open = reader {
            let next = try open.next(&received)
            reader = open
            guard let next else { break }
            take(next, isChunked)
            if case .end = next { reader = nil }
          } else {
            guard let bytes = try scanner.take(&received) else { break }
            let head = try RequestHead(bytes)
            (reader, isChunked) = (BodyReader(head.framing), head.framing == .chunked)
            heads += 1
            var out = head.forwarded(ForwardedBy(client: "127.0.0.1", port: 1, scheme: "http"))
            forwarded += out.readBytes(length: out.readableBytes) ?? []
          }
        }
      }
    } catch {
      fault = error
    }
  }

  private mutating func take(_ piece: BodyReader.Piece, _ isChunked: Bool) {
    switch piece {
    case .data(let data):
      body += Array(data.readableBytesView)
      if isChunked {
        Chunk.encode(data) { forwarded += Array($0.readableBytesView) }
      } else {
        forwarded += Array(data.readableBytesView)
      }
    case .end(let trailers):
      ends += 1
      if isChunked { forwarded += Array(Chunk.end(trailers).readableBytesView) }
    }
  }

  /// What is passed on may be cut into chunks in another way.
  static func == (one: Reading, other: Reading) -> Bool {
    one.heads == other.heads && one.body == other.body && one.ends == other.ends && one.fault == other.fault
  }
}

/// What SwiftNIO's reader finds in bytes.
private struct NIOReading {
  var heads = 0
  var body: [UInt8] = []
  var ends = 0
  var error: (any Error)?

  init(of bytes: [UInt8]) throws {
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandler(
      ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)))
    do { try channel.writeInbound(ByteBuffer(bytes: bytes)) } catch { self.error = error }
    while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
      switch part {
      case .head: heads += 1
      case .body(let data): body += Array(data.readableBytesView)
      case .end: ends += 1
      }
    }
    _ = try? channel.finish(acceptAlreadyClosed: true)
  }
}

/// Random numbers that come again with the same seed (SplitMix64).
private struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
