import DrydockTestSupport
import MonotonicTime
import Synchronization
import Testing

@testable import ServiceRouter

@Suite struct StreamTests {
  static let chunk = [UInt8](repeating: 7, count: 64 * 1024)
  /// More than the kernel takes for two connections whose ends do not read: up to 32 MB to receive and 4 to send, each.
  static let count = 1_600

  @Test(arguments: ["Content-Length: \(Self.count * Self.chunk.count)\r\n", ""])
  func `a client that does not read slows the server down`(_ head: String) async throws {
    let sent = Counter()
    try await withReplica { wire, _ in
      _ = try await wire.request()
      try await wire.send("HTTP/1.1 200 OK\r\n\(head)\r\n")
      for _ in 0..<Self.count {
        try await wire.send(Self.chunk)
        sent.add()
      }
      wire.finish()
      _ = try await wire.rest()
    } _: { router in
      try await Wire.connect(port: router.port) { wire in
        try await wire.send(get("/", "Connection: close\r\n"))
        try await sent.standsStill()
        #expect(sent.value < Self.count)
        let rest = try await wire.rest()
        #expect(rest.count { $0 == 7 } == Self.count * Self.chunk.count)
      }
    }
  }

  @Test func `a server that does not read slows the client down`() async throws {
    let (sent, wordsToRead) = (Counter(), Counter())
    try await withReplica { wire, _ in
      _ = try await wire.requestHead()
      try await eventually("the word to read") { wordsToRead.value > 0 }
      var count = 0
      for _ in 0..<Self.count { count += try await wire.read(Self.chunk.count)?.count ?? 0 }
      try await wire.answer("\(count)")
    } _: { router in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await Wire.connect(port: router.port) { wire in
            let length = Self.count * Self.chunk.count
            try await wire.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n")
            for _ in 0..<Self.count {
              try await wire.send(Self.chunk)
              sent.add()
            }
            #expect(try await wire.response()?.text == "\(length)")
          }
        }
        try await sent.standsStill()
        #expect(sent.value < Self.count)
        wordsToRead.add()
        try await group.waitForAll()
      }
    }
  }

  @Test func `a client that goes away ends its request at the server`() async throws {
    let ended = Mutex(false)
    try await withReplica { wire, _ in
      _ = try await wire.request()
      _ = try await wire.rest()
      ended.withLock { $0 = true }
    } _: { router in
      try await Wire.connect(port: router.port) { wire in
        try await wire.send(get())
        try await eventually("the request") { await router.inFlight("web.1") == 1 }
      }
      try await eventually("the end at the server") { ended.withLock { $0 } }
      try await eventually("the end of the request") { await router.inFlight("web.1") == 0 }
    }
  }

  /// Bug: what was read of a client that had gone was asked for all the same, by nobody.
  @Test func `requests of a client that has gone are not begun`() async throws {
    let requests = Counter()
    try await withReplica { wire, _ in
      while let request = try await wire.request() {
        requests.add()
        if request.target == "/last" { _ = try await wire.rest() }
        // More than the sockets hold.
        try await wire.answer(String(repeating: "x", count: 300_000))
      }
    } _: { router in
      for _ in 0..<20 {
        try await Wire.connect(port: router.port) { wire in
          try await wire.send(get() + get() + get("/last"))
          _ = try await wire.read(1)
        }
      }
      try await eventually("the end of all requests") { await router.inFlight("web.1") == 0 }
      #expect(requests.value >= 20)
    }
  }

  @Test func `one who asks and never reads is read no further`() async throws {
    let sent = Counter()
    try await withRouter(to: []) { router in
      router.setCondition(.stopped)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await Wire.connect(port: router.port) { wire in
            let many = Array(String(repeating: get(), count: 2000).utf8)
            for _ in 0..<4000 {
              try await wire.send(many)
              sent.add()
            }
          }
        }
        try await sent.standsStill()
        #expect(sent.value < 4000)
        await router.close()
        await #expect(throws: (any Error).self) { try await group.waitForAll() }
      }
    }
  }
}

/// Something that is counted.
private final class Counter: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func add() { count.withLock { $0 += 1 } }

  /// Waits until nothing more is counted: sockets hold some megabytes, and the router little more.
  func standsStill() async throws {
    var before = -1
    try await eventually("a stand-still") {
      let now = value
      defer { before = now }
      return now == before && now > 0
    }
  }
}
