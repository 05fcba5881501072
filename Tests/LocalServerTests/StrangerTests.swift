import DrydockTestSupport
import NIOCore
import Testing

@testable import LocalServer

/// Those who connect and do not know the password.
@Suite struct StrangerTests {
  private let routes: [Route] = [
    .get("/x") { _, _ in .ok },
    FrameTests.echo,
  ]

  private static let few: Limits = {
    var limits = Limits()
    limits.strangers = 4
    return limits
  }()

  /// Opens connections, each of which sends something, and holds them meanwhile.
  private func holding(
    _ count: Int, _ text: String, port: Int, _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    guard count > 0 else { return try await body() }
    try await Wire.connect(port: port) { wire in
      try? await wire.send(text)
      try await holding(count - 1, text, port: port, body)
    }
  }

  @Test(arguments: ["", "GET /x HTTP/1.1\r\nHost: 127", head("GET", "/x", port: 1, authorization: nil)])
  func `however many hold a connection, whoever knows the password gets in`(_ text: String) async throws {
    try await withRoutes(routes, limits: Self.few) { [self] port in
      try await holding(40, text, port: port) {
        for _ in 0..<5 {
          let response = try await exchange("GET", "/x", port: port)
          #expect(response.status == 200)
        }
      }
    }
  }

  @Test func `a connection that has shown the password is never pushed out`() async throws {
    try await withRoutes(routes, limits: Self.few) { [self] port in
      try await Wire.connect(port: port) { wire in
        for _ in 0..<2 {
          try await wire.send(head("GET", "/x", port: port))
          let response = try await wire.response()
          #expect(response?.status == 200)
          try await holding(40, "", port: port) {}
        }
      }
    }
  }

  @Test func `nor is a websocket`() async throws {
    try await withRoutes(routes, limits: Self.few) { [self] port in
      try await Wire.connect(port: port) { wire in
        try await wire.send(upgrade("/echo", port: port))
        let response = try await wire.response()
        #expect(response?.status == 101)
        try await holding(40, "", port: port) {}
        try await wire.send(frame: 1, Array("still there".utf8))
        let frame = try await wire.frame()
        #expect(frame?.text == "still there")
      }
    }
  }

  @Test(arguments: [1, 200]) func `a wrong password is answered once, and was all`(_ count: Int) async throws
  {
    try await withRoutes(routes) { port in
      let request = head("GET", "/x", port: port, authorization: basic("wrong"))
      let answer = try await Wire.connect(port: port) { wire in
        try await wire.send(String(repeating: request, count: count))
        return String(decoding: try await wire.rest(), as: UTF8.self)
      }
      #expect(answer.hasPrefix("HTTP/1.1 401 "))
      #expect(answer.split(separator: "HTTP/1.1 ").count == 1)
      #expect(answer.lowercased().contains("connection: close"))
    }
  }

  @Test func `the password once does not stand for the next request`() async throws {
    try await withRoutes(routes) { port in
      try await Wire.connect(port: port) { wire in
        try await wire.send(head("GET", "/x", port: port))
        #expect(try await wire.response()?.status == 200)
        try await wire.send(head("GET", "/x", port: port, authorization: nil))
        #expect(try await wire.response()?.status == 401)
        #expect(try await wire.rest().isEmpty)
      }
    }
  }

  @Test func `a body that a stranger never ends is not waited for`() async throws {
    var limits = Limits()
    limits.close = .milliseconds(100)
    try await withRoutes(routes, limits: limits) { port in
      let more = ["Content-Length: 1000000"]
      let answer = try await Wire.connect(port: port) { wire in
        try await wire.send(head("POST", "/x", port: port, authorization: nil, more) + "x")
        return String(decoding: try await wire.rest(), as: UTF8.self)
      }
      #expect(answer.hasPrefix("HTTP/1.1 401 "))
    }
  }
}
