import AppStateTestSupport
import DrydockTestSupport
import Foundation
import MonotonicTime
import Synchronization
import Testing
import TransportSecurity

@testable import DrydockBase
@testable import PortForwarding

/// A proxy of a test, and what it has told.
struct TestProxy: Sendable {
  let port: Int
  let events: @Sendable () -> [TCPProxy.Event]

  /// Runs a proxy for as long as `body` lasts.
  static func with(
    to destination: ForwardingDestination, limit: Int? = nil, grace: Duration = .seconds(30),
    _ body: @escaping @Sendable (TestProxy) async throws -> Void
  ) async throws {
    try await withProxyRun(to: destination, limit: limit, grace: grace) { proxy, _ in try await body(proxy) }
  }

  /// The same; `body` can end the proxy itself.
  static func withProxyRun(
    to destination: ForwardingDestination, limit: Int? = nil, grace: Duration,
    _ body: @escaping @Sendable (TestProxy, _ end: @Sendable () -> Void) async throws -> Void
  ) async throws {
    let log = EventLog()
    let (ends, ender) = AsyncStream.makeStream(of: Void.self)
    let proxy = TCPProxy(to: destination, port: 0, limit: limit, grace: grace)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await run(proxy, log, until: ends) }
      let port = try await log.port()
      defer { ender.finish() }
      try await body(TestProxy(port: port, events: { log.all })) { ender.finish() }
      ender.finish()
      try await group.waitForAll()
    }
  }

  /// Runs until the stream ends, and then to the end of the grace.
  private static func run(_ proxy: TCPProxy, _ log: EventLog, until ends: AsyncStream<Void>) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do { try await proxy.run { log.note($0) } } catch is CancellationError {}
        log.close()
      }
      group.addTask { for await _ in ends {} }
      try await group.next()
      group.cancelAll()
      try await group.waitForAll()
    }
  }
}

/// What a proxy has told so far.
final class EventLog: Sendable {
  private let events = Mutex<[TCPProxy.Event]>([])
  private let ports: AsyncStream<Int>
  private let told: AsyncStream<Int>.Continuation

  init() { (ports, told) = AsyncStream.makeStream(of: Int.self) }

  var all: [TCPProxy.Event] { events.withLock { $0 } }
  func note(_ event: TCPProxy.Event) {
    events.withLock { $0.append(event) }
    if case .listening(let port) = event { told.yield(port) }
  }
  func close() { told.finish() }
  func port() async throws -> Int {
    for await port in ports { return port }
    throw SocketFailure(ECONNREFUSED)
  }
}

@Suite struct TCPProxyTests {
  /// A server that treats each connection on a thread of its own until the body is through.
  private func withServer(
    _ serve: @escaping @Sendable (TestSocket) throws -> Void,
    _ body: @escaping @Sendable (ForwardingDestination) async throws -> Void
  ) async throws {
    let (listener, port) = try TestSocket.listen()
    Thread.detachNewThread { [listener] in
      while let client = try? listener.accept() {
        Thread.detachNewThread { try? serve(client) }
      }
    }
    defer { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }
    try await body(ForwardingDestination(host: "127.0.0.1", port: port))
  }

  @Sendable private static func echo(_ client: TestSocket) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = try client.receive(buffer)
      if count == 0 { return }
      try client.send(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  @Test func aHundredConnectionsCarryAGigabyteUnharmed() async throws {
    // As much again comes back.
    let share = 1_073_741_824 / 100
    try await withServer(Self.echo) { destination in
      try await TestProxy.with(to: destination) { proxy in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<100 {
            group.addTask {
              let start = number * 7919
              let socket = try TestSocket.connect(proxy.port)
              async let sent: Void = onThread {
                try Pattern.send(start..<start + share, to: socket)
                socket.endSending()
              }
              let received = try await onThread { try Pattern.receive(from: start, of: socket) }
              try await sent
              #expect(received == share)
            }
          }
          try await group.waitForAll()
        }
        #expect(proxy.events().filter { $0 == .connected(proxy.port) }.count == 100)
      }
    }
  }

  @Test func theClientMayEndFirstAndStillReceives() async throws {
    let size = 5_000_000
    try await withServer { client in
      let received = try Pattern.receive(from: 0, of: client)
      // Both directions have ended for the proxy while much of this is still to be written.
      if received == size { try Pattern.send(1..<size, to: client) }
    } _: { destination in
      try await TestProxy.with(to: destination) { proxy in
        let received = try await onThread {
          let socket = try TestSocket.connect(proxy.port)
          try Pattern.send(0..<size, to: socket)
          socket.endSending()
          return try Pattern.receive(from: 1, of: socket)
        }
        #expect(received == size - 1)
      }
    }
  }

  @Test func theServerMayEndFirstAndStillReceives() async throws {
    let size = 5_000_000
    let (received, note) = AsyncStream.makeStream(of: Int?.self)
    try await withServer { client in
      try client.send("hello")
      client.endSending()
      note.yield(try Pattern.receive(from: 0, of: client))
      note.finish()
    } _: { destination in
      try await TestProxy.with(to: destination) { proxy in
        try await onThread {
          let socket = try TestSocket.connect(proxy.port)
          #expect(try socket.receiveAll() == Array("hello".utf8))
          // The last of it is with the proxy only when this end is closed.
          try Pattern.send(0..<size, to: socket)
        }
        for await count in received { #expect(count == size) }
      }
    }
  }

  @Test func oneThatDoesNotReadHoldsTheSenderBack() async throws {
    let limit = 256 * 1024 * 1024
    let (gate, opener) = AsyncStream.makeStream(of: Void.self)
    let (results, note) = AsyncStream.makeStream(of: Int?.self)
    let mayRead = DispatchSemaphore(value: 0)
    async let opening: Void = {
      for await _ in gate {}
      mayRead.signal()
    }()
    try await withServer { client in
      mayRead.wait()
      note.yield(try Pattern.receive(from: 0, of: client))
      note.finish()
    } _: { destination in
      try await TestProxy.with(to: destination) { proxy in
        let socket = try TestSocket.connect(proxy.port)
        let taken = try await onThread { try socket.sendUntilStuck(limit: limit) }
        // The kernel's own buffers on the way take some megabytes each.
        #expect(taken < limit / 4)
        socket.endSending()
        opener.finish()
        for await received in results { #expect(received == taken) }
      }
    }
    await opening
  }

  @Test func aConnectionThatBreaksOffIsNoOrderlyEnd() async throws {
    try await withServer { client in
      _ = try client.receive(count: 1)
      client.breakOff()
    } _: { destination in
      try await TestProxy.with(to: destination) { proxy in
        let failure = try await onThread {
          let socket = try TestSocket.connect(proxy.port)
          try socket.send("x")
          return #expect(throws: SocketFailure.self) { try socket.receiveAll() }?.code
        }
        #expect(failure == ECONNRESET)
      }
    }
  }

  @Test func whereNothingListensTheClientIsCutOffAndOthersAreNot() async throws {
    try await withRefusingPort { port in
      try await TestProxy.with(to: ForwardingDestination(host: "127.0.0.1", port: port)) { proxy in
        for _ in 0..<3 {
          try await onThread {
            let socket = try TestSocket.connect(proxy.port)
            #expect(throws: SocketFailure.self) { try socket.receiveAll() }
          }
        }
        let failed = TCPProxy.Event.failed("cannot reach 127.0.0.1:\(port): Connection refused")
        #expect(proxy.events().filter { $0 == failed }.count == 3)
      }
    }
  }

  /// Bug: a client's bytes went to whoever took the port of a server that no longer had it.
  @Test(arguments: [[], ["one"], ["one", "two"], ["one", "one"]])
  func bytesGoToARunThatHadThePortBeforeTheConnectionAndHasItStill(_ answers: [String]) async throws {
    let seen = Mutex<[UInt8]>([])
    let rest = Mutex(answers)
    try await withServer { client in
      let byte = try client.receive(count: 1)
      seen.withLock { $0 += byte }
      try client.send("k")
    } _: { destination in
      var destination = destination
      destination.server = .run {
        try rest.withLock { rest in
          if rest.isEmpty { throw DrydockError(.failed, "it does not run") }
          return rest.removeFirst()
        }
      }
      let isOurs = answers == ["one", "one"]
      let reason = answers.count < 2 ? "it does not run" : "the server has begun to listen anew"
      let failed = TCPProxy.Event.failed("cannot reach 127.0.0.1:\(destination.port): \(reason)")
      try await TestProxy.with(to: destination) { proxy in
        let answer = try await onThread {
          let socket = try TestSocket.connect(proxy.port)
          try? socket.send("x")
          return try? socket.receiveAll()
        }
        // Cut off, which whoever was about to send takes for an end.
        #expect((answer ?? []) == (isOurs ? Array("k".utf8) : []))
        #expect(proxy.events().contains(failed) == !isOurs)
      }
      #expect(seen.withLock { $0 } == (isOurs ? Array("x".utf8) : []))
    }
  }

  @Test func moreThanTheLimitWaitTheirTurn() async throws {
    try await withServer(Self.echo) { destination in
      try await TestProxy.with(to: destination, limit: 1) { proxy in
        try await onThread {
          let first = try TestSocket.connect(proxy.port)
          try first.send("a")
          #expect(try first.receive(count: 1) == Array("a".utf8))
          let second = try TestSocket.connect(proxy.port)
          try second.send("b")
          // What the first says goes through while the second waits.
          try first.send("c")
          #expect(try first.receive(count: 1) == Array("c".utf8))
          #expect(proxy.events().filter { $0 == .connected(proxy.port) }.count == 1)
          // The limit is told, once.
          #expect(proxy.events().filter { $0 == .full(1) }.count == 1)
          first.endSending()
          #expect(try first.receiveAll().isEmpty)
          #expect(try second.receive(count: 1) == Array("b".utf8))
        }
      }
    }
  }

  @Test func atItsEndItTakesNoMoreAndLetsConnectionsEnd() async throws {
    try await withServer(Self.echo) { destination in
      try await TestProxy.withProxyRun(to: destination, grace: .seconds(60)) { proxy, end in
        let socket = try TestSocket.connect(proxy.port)
        try await onThread {
          try socket.send("a")
          #expect(try socket.receive(count: 1) == Array("a".utf8))
        }
        end()
        try await eventually("the listener's end") { (try? TestSocket.connect(proxy.port)) == nil }
        try await eventually("its notice") {
          proxy.events().contains { if case .closing = $0 { true } else { false } }
        }
        try await onThread {
          try socket.send("b")
          #expect(try socket.receive(count: 1) == Array("b".utf8))
          socket.endSending()
          #expect(try socket.receiveAll().isEmpty)
        }
      }
    }
  }

  @Test func whatDoesNotEndIsBrokenOffWhenTheGraceIsOver() async throws {
    try await withServer(Self.echo) { destination in
      try await TestProxy.withProxyRun(to: destination, grace: .milliseconds(50)) { proxy, end in
        let socket = try TestSocket.connect(proxy.port)
        try await onThread {
          try socket.send("a")
          #expect(try socket.receive(count: 1) == Array("a".utf8))
        }
        end()
        #expect(try await onThread { (try? socket.receiveAll()) ?? [] }.isEmpty)
      }
    }
  }

  @Test func aServerThatDoesNotReadIsLeftWhenTheGraceIsOver() async throws {
    let hold = DispatchSemaphore(value: 0)
    defer { hold.signal() }
    try await withServer { client in
      hold.wait()
      _ = client
    } _: { destination in
      try await TestProxy.withProxyRun(to: destination, grace: .milliseconds(50)) { proxy, end in
        let socket = try TestSocket.connect(proxy.port)
        _ = try await onThread { try socket.sendUntilStuck(limit: 64 * 1024 * 1024) }
        end()
        // It has what the client sent and cannot get rid of it.
        #expect(try await onThread { (try? socket.receiveAll()) ?? [] }.isEmpty)
      }
    }
  }

  @Test func aTakenPortIsNamedWithItsOwner() async throws {
    let (listener, port) = try TestSocket.listen()
    defer { _ = listener }
    let elsewhere = ForwardingDestination(host: "127.0.0.1", port: 1)
    let error = try await emulatorError { try await TCPProxy(to: elsewhere, port: port).run { _ in } }
    #expect(error.message.hasPrefix("port \(port) of 127.0.0.1 is taken by "))
    #expect(error.suggestion == "choose another port: -p PORT")
    let itself = ForwardingDestination(host: "127.0.0.1", port: port)
    let own = try await emulatorError { try await TCPProxy(to: itself, port: port).run { _ in } }
    #expect(own.message == "port \(port) of 127.0.0.1 is taken by the resource itself")
  }
}
