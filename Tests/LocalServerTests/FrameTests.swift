import DrydockTestSupport
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import LocalServer

@Suite struct FrameTests {
  /// Sends back what it gets, and ends at the end of the input.
  static let echo = Route.socket("/echo") { _ in
    { socket in
      let (inputs, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
      try await socket.converse { input in
        switch input {
        case .bytes(let bytes): continuation.yield(bytes)
        case .end: continuation.finish()
        }
      } output: {
        for await bytes in inputs { try await socket.write(bytes) }
      }
    }
  }

  /// Opens a websocket to the echo.
  private func withEcho<Value: Sendable>(
    limits: Limits = Limits(), _ body: @escaping @Sendable @concurrent (inout Wire) async throws -> Value
  ) async throws -> Value {
    try await withRoutes([Self.echo], limits: limits) { port in
      try await Wire.connect(port: port) { wire in
        try await wire.send(upgrade("/echo", port: port))
        let response = try #require(try await wire.response())
        #expect(response.status == 101)
        #expect(response.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        return try await body(&wire)
      }
    }
  }

  @Test func `bytes that are no text travel in text frames`() async throws {
    try await withEcho { wire in
      let bytes = (0...255).map { UInt8($0) }
      try await wire.send(frame: 1, bytes)
      #expect(try await wire.frame() == WireFrame(opcode: 1, isFinal: true, payload: bytes))
    }
  }

  @Test func `a frame in pieces is bytes as well, with a ping in between`() async throws {
    try await withEcho { wire in
      try await wire.send(frame: 1, [0xff], fin: false)
      #expect(try await wire.frame()?.payload == [0xff])
      try await wire.send(frame: 9, Array("still there?".utf8))
      #expect(
        try await wire.frame() == WireFrame(opcode: 10, isFinal: true, payload: Array("still there?".utf8)))
      try await wire.send(frame: 0, [0xfe], fin: true)
      #expect(try await wire.frame()?.payload == [0xfe])
    }
  }

  @Test func `an empty binary frame ends the input, and pings go on`() async throws {
    try await withEcho { wire in
      try await wire.send(frame: 1, [1])
      try await wire.send(frame: 2, [])
      #expect(try await wire.frame()?.payload == [1])
      #expect(try await wire.frame()?.closeCode == 1000)
      try await wire.send(frame: 9, [7])
      #expect(try await wire.frame()?.opcode == 10)
      try await wire.send(frame: 8, [3, 232])
      #expect(try await wire.frame() == nil)
    }
  }

  @Test func `a client that closes is let go`() async throws {
    try await withEcho { wire in
      try await wire.send(frame: 8, [3, 232])
      let rest = try await wire.rest()
      // At most a close in turn.
      #expect(rest.isEmpty || rest[0] == 0x88)
    }
  }

  @Test(arguments: [
    ("unmasked", WireFrame.encode(1, [1], masked: false), 1002),
    ("reserved bit", [0xc1, 0x80, 0, 0, 0, 0], 1002),
    ("unknown opcode", WireFrame.encode(3, [1]), 1002),
    ("nothing to continue", WireFrame.encode(0, [1]), 1002),
    ("a message in a message", WireFrame.encode(1, [1], fin: false) + WireFrame.encode(1, [2]), 1002),
    ("a ping in pieces", WireFrame.encode(9, [1], fin: false), 1002),
    ("a ping that is too long", WireFrame.encode(9, [UInt8](repeating: 1, count: 126)), 1002),
    ("too long a frame", [0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 1009),
  ])
  func `a client that breaks the rules is cut off`(_ name: String, _ bytes: [UInt8], _ code: Int) async throws
  {
    try await withEcho { wire in
      try await wire.send(bytes)
      var frame = try await wire.frame()
      // What came before the fault may be echoed.
      while frame?.opcode == 1 { frame = try await wire.frame() }
      #expect(frame?.closeCode == code, "\(name)")
      #expect(try await wire.frame() == nil)
    }
  }

  @Test func `a client that does not close in turn is cut off`() async throws {
    var limits = Limits()
    limits.close = .milliseconds(100)
    try await withEcho(limits: limits) { wire in
      try await wire.send(frame: 2, [])
      #expect(try await wire.frame()?.closeCode == 1000)
      #expect(try await wire.frame() == nil)
    }
  }

  @Test func `a refusal is told in the stream, as a rack does`() async throws {
    let route = Route.socket("/no") { _ in throw HTTPFailure(.notFound, "no such thing") }
    try await withRoutes([route]) { port in
      try await Wire.connect(port: port) { wire in
        try await wire.send(upgrade("/no", port: port))
        #expect(try await wire.response()?.status == 101)
        #expect(try await wire.frame()?.text == "ERROR: no such thing\n")
        #expect(try await wire.frame()?.closeCode == 1000)
      }
    }
  }

  /// Bug: the log said that it was closed, and not that the client was told of a failure.
  @Test func `what a conversation could not go on for is in the log, in words`() async throws {
    let lines = Lines()
    let route = Route.socket("/no") { _ in
      { socket in
        try await socket.converse { _ in
        } output: {
          throw HTTPFailure(.badGateway, "cannot reach the moon: Connection refused")
        }
      }
    }
    try await withRoutes([route], log: lines.log) { port in
      try await Wire.connect(port: port) { wire in
        try await wire.send(upgrade("/no?hush", port: port))
        #expect(try await wire.response()?.status == 101)
        #expect(try await wire.frame()?.text == "ERROR: cannot reach the moon: Connection refused\n")
        #expect(try await wire.frame()?.closeCode == 1000)
      }
    }
    let told = lines.all.filter { $0.contains("the moon") }
    #expect(told.count == 1 && told[0].hasSuffix(" GET /no: cannot reach the moon: Connection refused"))
    #expect(!lines.all.contains { $0.contains("hush") })
  }

  @Test func `a plain request for a websocket is told so`() async throws {
    try await withRoutes([Self.echo]) { port in
      let response = try await exchange("GET", "/echo", port: port)
      #expect(response.status == 426)
    }
  }

  @Test func `a client that does not read slows the server down`() async throws {
    let sent = Mutex(0)
    let flood = Route.socket("/flood") { _ in
      { socket in
        let chunk = ByteBuffer(repeating: 7, count: 64 * 1024)
        try await socket.converse { _ in
        } output: {
          for _ in 0..<1600 {
            try await socket.write(chunk)
            sent.withLock { $0 += 1 }
          }
        }
      }
    }
    try await withRoutes([flood]) { port in
      try await Wire.connect(port: port) { wire in
        try await wire.send(upgrade("/flood", port: port))
        #expect(try await wire.response()?.status == 101)
        // It stands still before all is sent: sockets hold some megabytes, and the server little more.
        var before = -1
        try await eventually("a stand-still") {
          let now = sent.withLock { $0 }
          defer { before = now }
          return now == before && now > 0
        }
        #expect(sent.withLock { $0 } < 1600)
        var count = 0
        while let frame = try await wire.frame(), frame.opcode == 1 { count += frame.payload.count }
        #expect(count == 1600 * 64 * 1024)
      }
    }
  }

  @Test(arguments: [WireFrame.encode(9, [1], fin: false), WireFrame.encode(8, [3, 232])])
  func `a client that does not read does not keep a conversation that is over`(_ last: [UInt8]) async throws {
    let isOver = Mutex(false)
    let flood = Route.socket("/flood") { _ in
      { socket in
        defer { isOver.withLock { $0 = true } }
        try await socket.converse { _ in
        } output: {
          while true { try await socket.write(ByteBuffer(repeating: 7, count: 64 * 1024)) }
        }
      }
    }
    var limits = Limits()
    limits.close = .milliseconds(100)
    try await withRoutes([flood], limits: limits) { port in
      try await Wire.connect(port: port) { wire in
        try await wire.send(upgrade("/flood", port: port))
        #expect(try await wire.response()?.status == 101)
        try await wire.send(last)
        try await eventually("the end of the conversation") { isOver.withLock { $0 } }
      }
    }
  }
}
