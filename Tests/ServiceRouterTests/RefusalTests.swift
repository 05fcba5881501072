import DrydockTestSupport
import Testing

@testable import ServiceRouter

@Suite struct RefusalTests {
  /// What is refused goes to no replica, and nothing behind it is looked at.
  private func refusal(_ text: String) async throws -> String {
    try await withReplica { wire, _ in
      while let request = try await wire.request() { Issue.record("passed on: \(request)") }
    } _: { router in
      try await conversation(text + get("/behind"), port: router.port)
    }
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nabcde",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
    "GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\nX: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / http/1.1\r\nHost: a\r\n\r\n",
    "GET a HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\r\n\r\n",
    " GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}", "G\u{e4}T / HTTP/1.1\r\nHost: a\r\n\r\n",
  ])
  func `what two readers may read differently is refused`(_ text: String) async throws {
    let answer = try await refusal(text)
    #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"), "\(answer)")
    #expect(answer.split(separator: "HTTP/1.1").count == 1)
  }

  @Test(arguments: [
    (405, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), (405, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"),
    (501, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
    (505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    (431, "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 70_000)),
    (431, "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 600) + "\r\n"),
  ])
  func `what is not done has a status of its own`(_ status: Int, _ text: String) async throws {
    #expect(try await refusal(text).hasPrefix("HTTP/1.1 \(status) "))
  }

  @Test(arguments: [
    "x\r\n", "-1\r\n", "1 \r\na\r\n", "1\na\r\n", "1\r\nab\r\n", "ffffffffffffffff\r\n", "\r\n",
  ])
  func `a wrong chunk ends the connection`(_ chunk: String) async throws {
    try await withReplica { wire, _ in
      _ = try await wire.rest()
    } _: { router in
      let text = try await conversation(
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + "\r\n", port: router.port)
      #expect(text.hasPrefix("HTTP/1.1 400 "), "\(text)")
    }
  }

  @Test func `a head that does not come in time is told so`() async throws {
    try await withRouter(to: []) {
      $0.headTimeout = .milliseconds(100)
    } _: { router in
      let text = try await conversation("GET / HTT", port: router.port)
      #expect(text.hasPrefix("HTTP/1.1 408 "))
    }
  }

  @Test func `the target with the host's own name is a path`() async throws {
    try await withReplica(echo) { router in
      let response = try await exchange("GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n", port: router.port)
      #expect(response.text.hasPrefix("GET /b?c HTTP/1.1\n"))
    }
  }
}
