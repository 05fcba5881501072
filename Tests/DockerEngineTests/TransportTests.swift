import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

@testable import DockerEngine

@Suite struct TransportTests {
  @Test func sendsEachRequestOnItsOwnConnectionAndLeavesNone() async throws {
    try await withClient(answer: { _ in .reply(200, "[]") }) { client, server in
      _ = try await client.listImages(until: .generous)
      let request = try #require(server.requests.last)
      #expect(request.method == "GET")
      #expect(request.target == "/v1.47/images/json")
      #expect(request.header("host") == "docker")
      #expect(request.header("connection") == "close")
      #expect(request.header("content-length") == nil)
      #expect(server.acceptedConnections == 3)
      try await server.wait(until: .generous, "the connections to close") { $0.openConnections == 0 }
    }
  }

  @Test func givesUpOnAnEngineThatHangsAndClosesTheConnection() async throws {
    try await withClient(answer: { _ in .silence }) { client, server in
      let code = try await failure { _ = try await client.info(until: .after(.milliseconds(50))) }
      #expect(code == .timedOut)
      try await server.wait(until: .generous, "the connection to close") { $0.openConnections == 0 }
    }
  }

  @Test func givesUpOnABodyThatHangs() async throws {
    try await withClient(answer: { _ in .stream([Array("[".utf8)], end: .hangs) }) { client, _ in
      let code = try await failure { _ = try await client.listImages(until: .after(.milliseconds(50))) }
      #expect(code == .timedOut)
    }
  }

  @Test func cancellationClosesTheConnection() async throws {
    try await withClient(answer: { _ in .silence }) { client, server in
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          do {
            _ = try await client.info(until: .generous)
            return false
          } catch {
            return error is CancellationError
          }
        }
        try? await server.wait(until: .generous, "the request") { $0.requests.count == 3 }
        group.cancelAll()
        #expect(await group.next() == true)
      }
      try await server.wait(until: .generous, "the connection to close") { $0.openConnections == 0 }
    }
  }

  @Test func cancellationEndsAStreamInTheMiddle() async throws {
    let event = #"{"Type":"container","Action":"start","Actor":{"ID":"c1"},"timeNano":1}"# + "\n"
    try await withClient(answer: { _ in .stream([Array(event.utf8)], end: .hangs) }) { client, server in
      let (seen, sink) = AsyncStream.makeStream(of: EngineEvent.self)
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          do {
            try await client.events(until: nil) { sink.yield($0) }
            return false
          } catch {
            return error is CancellationError
          }
        }
        var events = seen.makeAsyncIterator()
        #expect(await events.next()?.id == "c1")
        group.cancelAll()
        #expect(await group.next() == true)
      }
      try await server.wait(until: .generous, "the connection to close") { $0.openConnections == 0 }
    }
  }

  @Test(arguments: [
    ("garbage\r\n\r\n", DockerError.Code.invalidResponse),
    ("", .connectionLost),
    ("HTTP/1.1 200 OK\r\nContent-Len", .connectionLost),
    ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[]", .connectionLost),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", .invalidResponse),
    ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[{]", .invalidResponse),
    ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n[]", .invalidResponse),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]", .invalidResponse),
    ("HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nplain", .server(status: 500)),
  ])
  func namesABrokenAnswer(_ answer: String, _ expected: DockerError.Code) async throws {
    try await withClient(answer: { _ in .raw(answer) }) { client, _ in
      let code = try await failure { _ = try await client.listImages(until: .generous) }
      #expect(code == expected)
    }
  }

  @Test func aChunkedBodyThatBreaksOffIsNoAnswer() async throws {
    try await withClient(answer: { _ in .stream([Array("[]".utf8)], end: .breaksOff) }) { client, _ in
      let code = try await failure { _ = try await client.listImages(until: .generous) }
      #expect(code == .connectionLost)
    }
  }

  @Test func refusesABodyOverTheBound() async throws {
    let large = StubResponse.reply(200, "[" + String(repeating: " ", count: 2000) + "]")
    try await withClient(bodyLimit: 1000, answer: { _ in large }) { client, _ in
      let code = try await failure { _ = try await client.listImages(until: .generous) }
      #expect(code == .bodyTooLarge(limit: 1000))
    }
  }

  @Test func refusesALineOverTheBound() async throws {
    let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 19)
    try await withClient(answer: { _ in .stream([chunk, chunk, chunk], end: .hangs) }) { client, _ in
      let code = try await failure { try await client.pullImage("postgres", until: .generous) }
      #expect(code == .bodyTooLarge(limit: JSONLines.lineLimit))
    }
  }

  @Test func servesManyCallsAtOnce() async throws {
    try await withClient(answer: { _ in .reply(200, "[]") }) { client, server in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<200 { group.addTask { _ = try await client.listImages(until: .generous) } }
        try await group.waitForAll()
      }
      #expect(server.requests.count == 202)
    }
  }

  @Test func percentEncodesNames() async throws {
    try await withClient(answer: { _ in .reply(404) }) { client, server in
      _ = try await client.inspectVolume("a b/ü?", until: .generous)
      #expect(server.requests.last?.target == "/v1.47/volumes/a%20b%2F%C3%BC%3F")
      _ = try await client.inspectImage("docker.io/library/postgres:16", until: .generous)
      #expect(server.requests.last?.target == "/v1.47/images/docker.io/library/postgres:16/json")
    }
  }
}
