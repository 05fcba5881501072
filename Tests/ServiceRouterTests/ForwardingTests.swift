import DrydockTestSupport
import Testing

@testable import ServiceRouter

@Suite struct ForwardingTests {
  @Test func `a request goes on as the balancer would send it`() async throws {
    try await withReplica(echo) { router in
      let response = try await exchange(
        "GET /a?b=c HTTP/1.1\r\nHost: shop.example:80\r\nX-Odd:  v\u{e4}lue \r\nConnection: X-Mine, keep-alive\r\n"
          + "X-Mine: 1\r\nKeep-Alive: 5\r\nTE: gzip\r\nX-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\n"
          + "X-Forwarded-Host: other\r\n\r\n", port: router.port)
      #expect(
        response.text == """
          GET /a?b=c HTTP/1.1
          host: shop.example:80
          x-forwarded-for: 10.0.0.1, 127.0.0.1
          x-forwarded-host: other
          x-forwarded-port: \(router.port)
          x-forwarded-proto: http
          x-odd: v\u{e4}lue\(" ")


          """)
    }
  }

  @Test func `bodies go both ways, in chunks with trailers too`() async throws {
    try await withReplica(echo) { router in
      try await Wire.connect(port: router.port) { wire in
        try await wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        #expect(try await wire.response()?.text.hasSuffix("\nhello") == true)
        try await wire.send(
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n"
            + "X-Sum: 7\r\nContent-Length: 9\r\n\r\n")
        let text = try await wire.response()?.text
        #expect(text?.hasSuffix("\nX-Sum: 7\nabcde") == true, "\(text ?? "")")
      }
    }
  }

  @Test func `connections are used again on both sides`() async throws {
    try await withReplica { wire, number in
      while try await wire.request() != nil { try await wire.answer("\(number)") }
    } _: { router in
      try await Wire.connect(port: router.port) { wire in
        for _ in 0..<5 {
          try await wire.send(get())
          #expect(try await wire.response()?.text == "0")
        }
        // Several at once are answered in their order.
        try await wire.send(get() + get("/", "Connection: close\r\n"))
        #expect(try await wire.response()?.text == "0")
        let last = try await wire.response()
        #expect(last?.headers["connection"] == "close")
        #expect(try await wire.rest() == [])
      }
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 204 No\r\n\r\n", "GET", "HTTP/1.1 204 No\r\nConnection: close\r\n\r\n"),
    (
      "HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", "GET",
      "HTTP/1.1 304 No\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
    ),
    (
      "HTTP/1.1 200\r\nContent-Length: 9\r\n\r\n", "HEAD",
      "HTTP/1.1 200\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
    ),
    (
      "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "GET",
      "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"
    ),
    (
      "HTTP/1.0 200 OK\r\n\r\nto the end", "GET",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\na\r\nto the end\r\n0\r\n\r\n"
    ),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nKeep-Alive: 5\r\nTrailer: X\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
      "GET",
      "HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n"
    ),
  ])
  func `responses keep their form`(_ sent: String, _ method: String, _ wanted: String) async throws {
    try await withReplica { wire, _ in
      _ = try await wire.request()
      try await wire.send(sent)
    } _: { router in
      let text = try await conversation(
        "\(method) / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", port: router.port)
      #expect(text == wanted)
    }
  }

  @Test func `a client of HTTP 1.0 gets no chunks, and keeps its connection only when it asks`() async throws
  {
    try await withReplica { wire, _ in
      while let request = try await wire.request() {
        if request.target == "/chunks" {
          try await wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        } else {
          try await wire.answer(request.headers["host"] ?? "none")
        }
      }
    } _: { router in
      let kept = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
      let text = try await conversation(kept + "GET / HTTP/1.0\r\n\r\n", port: router.port)
      let host = "127.0.0.1:\(router.port)"
      #expect(
        text == "HTTP/1.1 200 Word\r\nContent-Length: \(host.count)\r\nConnection: keep-alive\r\n\r\n\(host)"
          + "HTTP/1.1 200 Word\r\nContent-Length: \(host.count)\r\nConnection: close\r\n\r\n\(host)")
      let chunks = try await conversation("GET /chunks HTTP/1.0\r\n\r\n", port: router.port)
      #expect(chunks == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc")
    }
  }

  @Test func `a client that waits for a word to go on gets it`() async throws {
    try await withReplica { wire, _ in
      _ = try await wire.requestHead()
      try await wire.send("HTTP/1.1 100 Continue\r\n\r\n")
      let body = try await wire.read(3) ?? []
      try await wire.answer(String(decoding: body, as: UTF8.self))
    } _: { router in
      try await Wire.connect(port: router.port) { wire in
        try await wire.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        #expect(try await wire.response()?.status == 100)
        try await wire.send("abc")
        #expect(try await wire.response()?.text == "abc")
      }
    }
  }

  @Test func `an answer before the body's end is the last one`() async throws {
    try await withReplica { wire, _ in
      _ = try await wire.requestHead()
      try await wire.answer("too long", status: 413)
      _ = try await wire.rest()
    } _: { router in
      let text = try await conversation(
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n"
          + String(repeating: "x", count: 200_000),
        port: router.port)
      #expect(
        text.hasPrefix("HTTP/1.1 413 ") && text.contains("Connection: close") && text.hasSuffix("too long"))
    }
  }
}
