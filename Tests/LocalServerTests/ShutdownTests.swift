import DrydockTestSupport
import MonotonicTime
import Synchronization
import Testing

@testable import LocalServer

@Suite struct ShutdownTests {
  /// A server that is asked to end in the middle of `body`, by the function it is given.
  private func withStoppable(
    _ server: WebServer,
    _ body: @escaping @Sendable (Int, @escaping @Sendable () -> Void) async throws -> Void
  ) async throws {
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let (stops, stop) = AsyncStream.makeStream(of: Void.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await withThrowingTaskGroup(of: Void.self) { inner in
          inner.addTask { try await server.run(port: 0) { continuation.yield($0) } }
          for await _ in stops {}
          inner.cancelAll()
          try await inner.waitForAll()
        }
      }
      var iterator = ports.makeAsyncIterator()
      let port = try #require(await iterator.next())
      defer { stop.finish() }
      try await body(port) { stop.finish() }
      stop.finish()
      try await group.waitForAll()
    }
  }

  @Test func `a request that runs is answered, then the connection ends`() async throws {
    let entered = StopSignal()
    let leave = StopSignal()
    let slow = Route.get("/slow") { _, _ in
      entered.send()
      await leave.wait()
      try Task.checkCancellation()
      return .text("done")
    }
    let server = WebServer(routes: [slow], password: password, name: testName, log: .silent)
    try await withStoppable(server) { port, stop in
      let isIdle = StopSignal()
      async let idleEnd = Wire.connect(port: port) { idle in
        try await idle.send(head("GET", "/none", port: port))
        #expect(try await idle.response()?.status == 404)
        isIdle.send()
        return try await idle.response()
      }
      await isIdle.wait()
      async let answer = Wire.connect(port: port) { wire in
        try await wire.send(head("GET", "/slow", port: port))
        let response = try await wire.response()
        #expect(try await wire.rest().isEmpty)
        return response
      }
      await entered.wait()
      stop()
      // The idle connection goes at once, and a new one is not served.
      #expect(try await idleEnd == nil)
      await #expect(throws: (any Error).self) {
        try await Wire.connect(port: port) { late in
          try await late.send(head("GET", "/slow", port: port))
          let response = try await late.response()
          try #require(response != nil)
        }
      }
      leave.send()
      let response = try await answer
      #expect(response?.text == "done")
      #expect(response?.headers["connection"] == "close")
    }
  }

  @Test func `a request that takes too long is cancelled`() async throws {
    let entered = StopSignal()
    let endless = Route.get("/endless") { _, _ in
      entered.send()
      try await SuspendingClock().sleep(until: Deadline.after(.seconds(600)).instant)
      return .ok
    }
    var limits = Limits()
    limits.shutdown = .milliseconds(100)
    let server = WebServer(
      routes: [endless], password: password, name: testName, limits: limits, log: .silent)
    try await withStoppable(server) { port, stop in
      try await Wire.connect(port: port) { wire in
        try await wire.send(head("GET", "/endless", port: port))
        await entered.wait()
        stop()
        _ = try await wire.rest()
      }
    }
  }

  @Test func `websockets are told that the server goes away`() async throws {
    let server = WebServer(routes: [FrameTests.echo], password: password, name: testName, log: .silent)
    try await withStoppable(server) { port, stop in
      try await Wire.connect(port: port) { wire in
        try await wire.send(upgrade("/echo", port: port))
        #expect(try await wire.response()?.status == 101)
        try await wire.send(frame: 1, [1])
        #expect(try await wire.frame()?.payload == [1])
        stop()
        #expect(try await wire.frame()?.closeCode == 1001)
        try await wire.send(frame: 8, [3, 233])
        #expect(try await wire.frame() == nil)
      }
    }
  }

  @Test func `background work is waited for`() async throws {
    let background = BackgroundWork()
    let leave = StopSignal()
    let isDone = Mutex(false)
    let begin = Route.post("/begin") { _, _ in
      try background.start {
        await leave.wait()
        isDone.withLock { $0 = !Task.isCancelled }
      }
      return .ok
    }
    let server = WebServer(
      routes: [begin], password: password, name: testName, log: .silent, background: background)
    try await withStoppable(server) { port, stop in
      let response = try await exchange("POST", "/begin", port: port)
      #expect(response.status == 200)
      stop()
      leave.send()
    }
    #expect(isDone.withLock { $0 })
    #expect(throws: HTTPFailure.self) { try background.start {} }
  }
}
