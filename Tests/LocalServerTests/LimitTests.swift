import DrydockTestSupport
import NIOCore
import Testing

@testable import LocalServer

@Suite struct LimitTests {
  private let form = Route.post("/form") { request, body in
    let values = try await body.form(request.headers)
    return try .json(values)
  }

  /// Sends raw text and gives what comes until the server closes the connection.
  private func rest(_ text: String, _ limits: Limits = Limits()) async throws -> String {
    try await withRoutes([form], limits: limits) { port in
      try await Wire.connect(port: port) { wire in
        try await wire.send(text.replacing("PORT", with: "\(port)"))
        return String(decoding: try await wire.rest(), as: UTF8.self)
      }
    }
  }

  @Test func `a header that is too long ends the connection`() async throws {
    let text = try await rest("GET /form HTTP/1.1\r\nX: " + String(repeating: "x", count: 100_000))
    #expect(text.hasPrefix("HTTP/1.1 400 "))
  }

  @Test func `too many headers end the connection`() async throws {
    let headers = (0..<200).map { "X-\($0): y\r\n" }.joined()
    #expect(try await rest("GET /form HTTP/1.1\r\n\(headers)\r\n").hasPrefix("HTTP/1.1 400 "))
  }

  @Test(arguments: ["nonsense\r\n\r\n", "GET /\u{1} HTTP/1.1\r\n\r\n", "GET  HTTP/9\r\n\r\n"])
  func `what is no HTTP ends the connection`(_ text: String) async throws {
    #expect(try await rest(text).hasPrefix("HTTP/1.1 400 "))
  }

  @Test(arguments: ["nonsense hush\r\n\r\n", "POST /form HTTP/1.1\r\nContent-Length: 9\r\n\r\nhush"])
  func `a connection that breaks off is in the log, without what it sent`(_ text: String) async throws {
    let lines = Lines()
    try await withRoutes([form], log: lines.log) { port in
      try await Wire.connect(port: port) { wire in
        try await wire.send(text)
        wire.finish()
        _ = try await wire.rest()
      }
    }
    #expect(lines.all.contains { $0.contains("no HTTP") || $0.contains("broke off") }, "\(lines.all)")
    #expect(!lines.all.contains { $0.contains("hush") }, "\(lines.all)")
  }

  @Test func `a path that is too long is told so`() async throws {
    try await withRoutes([form]) { port in
      let response = try await exchange("GET", "/" + String(repeating: "x", count: 5000), port: port)
      #expect(response.status == 414)
      #expect(try errorText(response) == "the path is too long")
    }
  }

  @Test(arguments: ["/%zz", "/%", "/%ff", "/a%00b"])
  func `a path that is wrongly encoded is told so`(_ path: String) async throws {
    try await withRoutes([form]) { port in
      let response = try await exchange("GET", path, port: port)
      #expect(response.status == 400)
      #expect(try errorText(response) == "the path is wrongly encoded")
    }
  }

  @Test func `a form that is too long is told so, and the connection ends`() async throws {
    var limits = Limits()
    (limits.form, limits.drained) = (1000, 1000)
    try await withRoutes([form], limits: limits) { port in
      let response = try await exchange(
        "POST", "/form", port: port, form: [("a", String(repeating: "x", count: 90_000))])
      #expect(response.status == 413)
      #expect(response.headers["connection"] == "close")
      // The server goes on for others.
      #expect(try await exchange("POST", "/form", port: port, form: [("a", "1")]).text == "{\"a\":\"1\"}\n")
    }
  }

  @Test func `bare bytes are no form`() async throws {
    try await withRoutes([form]) { port in
      let response = try await Wire.connect(port: port) { wire in
        let more = ["Content-Type: application/octet-stream", "Content-Length: 3"]
        try await wire.send(head("POST", "/form", port: port, more) + "a=b")
        return try #require(try await wire.response())
      }
      #expect(response.status == 415)
    }
  }

  @Test func `a chunked form is read as any other`() async throws {
    try await withRoutes([form]) { port in
      let response = try await Wire.connect(port: port) { wire in
        let more = ["Content-Type: application/x-www-form-urlencoded", "Transfer-Encoding: chunked"]
        try await wire.send(head("POST", "/form", port: port, more))
        try await wire.send("7\r\nenv=A%3\r\n")
        try await wire.send("6\r\nD1%0AB\r\n0\r\n\r\n")
        return try #require(try await wire.response())
      }
      #expect(response.text == "{\"env\":\"A=1\\nB\"}\n")
    }
  }

  @Test func `several requests share a connection`() async throws {
    try await withRoutes([form]) { port in
      try await Wire.connect(port: port) { wire in
        for index in 0..<20 {
          let more = ["Content-Type: application/x-www-form-urlencoded", "Content-Length: 4"]
          try await wire.send(head("POST", "/form", port: port, more) + "n=\(10 + index)")
          #expect(try await wire.response()?.text == "{\"n\":\"\(10 + index)\"}\n")
          // An unread body does not get into the next request.
          try await wire.send(head("POST", "/other", port: port, ["Content-Length: 9"]) + "GET / HTT")
          #expect(try await wire.response()?.status == 404)
        }
      }
    }
  }

  @Test func `a client that asks first gets leave to send its body`() async throws {
    try await withRoutes([form]) { port in
      try await Wire.connect(port: port) { wire in
        let more = ["Content-Type: application/x-www-form-urlencoded", "Content-Length: 3"]
        try await wire.send(head("POST", "/form", port: port, more + ["Expect: 100-continue"]))
        #expect(try await wire.response()?.status == 100)
        try await wire.send("a=b")
        #expect(try await wire.response()?.text == "{\"a\":\"b\"}\n")
      }
    }
  }

  @Test func `a head that never ends is cut off`() async throws {
    var limits = Limits()
    limits.head = .milliseconds(100)
    #expect(try await rest("GET /form HTTP/1.1\r\nHost: 127", limits) == "")
  }

  @Test func `a body that never ends is cut off`() async throws {
    var limits = Limits()
    limits.body = .milliseconds(100)
    let request = head(
      "POST", "/form", port: 1,
      [
        "Content-Type: application/x-www-form-urlencoded", "Content-Length: 100",
      ])
    #expect(try await rest(request + "a=b", limits) == "")
  }

  @Test func `an idle connection is closed`() async throws {
    var limits = Limits()
    limits.idle = .milliseconds(100)
    let text = try await rest(head("GET", "/other", port: 1), limits)
    #expect(text.hasPrefix("HTTP/1.1 404 "))
  }

  @Test func `too many connections are told so, and room is made again`() async throws {
    var limits = Limits()
    limits.connections = 2
    try await withRoutes([form], limits: limits) { port in
      try await Wire.connect(port: port) { first in
        try await first.send(head("GET", "/other", port: port))
        #expect(try await first.response()?.status == 404)
        try await Wire.connect(port: port) { second in
          try await second.send(head("GET", "/other", port: port))
          #expect(try await second.response()?.status == 404)
          let third = try await exchange("GET", "/other", port: port)
          #expect(third.status == 503 && third.headers["connection"] == "close")
          #expect(try errorText(third).hasPrefix("2 connections are open"))
        }
      }
      try await eventually("room for another") {
        try await exchange("GET", "/other", port: port).status == 404
      }
    }
  }
}
