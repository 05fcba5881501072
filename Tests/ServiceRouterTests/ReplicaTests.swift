import DrydockTestSupport
import MonotonicTime
import Synchronization
import Testing

@testable import ServiceRouter

@Suite struct ReplicaTests {
  /// Answers with its name; a request for /hang hangs.
  private func named(_ name: String) -> @Sendable @concurrent (inout Wire, Int) async throws -> Void {
    { wire, _ in
      while let request = try await wire.request() {
        if request.target == "/hang" { _ = try await wire.rest() }
        try await wire.answer(name)
      }
    }
  }

  /// Two replicas, named one and two.
  private func withTwo(
    _ change: @escaping @Sendable (inout RouterOptions) -> Void = { $0.isSticky = false },
    _ body: @escaping @Sendable @concurrent (ServiceRouter) async throws -> Void
  ) async throws {
    try await withWireServer(named("one")) { one in
      try await withWireServer(self.named("two")) { two in try await withRouter(to: [one, two], change, body)
      }
    }
  }

  @Test func `the one with less to do is asked`() async throws {
    try await withTwo { router in
      var seen: Set<String> = []
      for _ in 0..<4 { seen.insert(try await exchange(get(), port: router.port).text) }
      #expect(seen == ["one", "two"])
      @Sendable func inFlight() async -> Int { await router.inFlight("web.1") + router.inFlight("web.2") }
      try await eventually("their end") { await inFlight() == 0 }
      try await Wire.connect(port: router.port) { wire in
        try await wire.send(get("/hang"))
        try await eventually("the request") { await inFlight() == 1 }
        let free = await router.inFlight("web.1") == 0 ? "one" : "two"
        for _ in 0..<6 { #expect(try await exchange(get(), port: router.port).text == free) }
      }
      try await eventually("the end of the request") { await inFlight() == 0 }
    }
  }

  @Test func `a browser stays with its replica`() async throws {
    try await withTwo({ _ in }) { router in
      let first = try await exchange(get(), port: router.port)
      let cookie = try #require(first.headers["set-cookie"])
      #expect(cookie.contains("HttpOnly") && cookie.hasPrefix("DRYDOCKLB-\(router.port)="))
      let pair = cookie.prefix { $0 != ";" }
      for _ in 0..<5 {
        let next = try await exchange(get("/", "Cookie: a=b; \(pair); c=d\r\n"), port: router.port)
        #expect(next.text == first.text)
        #expect(next.headers["set-cookie"] == nil)
      }
      // Of a replica that is gone.
      let gone = try await exchange(get("/", "Cookie: DRYDOCKLB-\(router.port)=gone\r\n"), port: router.port)
      #expect(gone.headers["set-cookie"] != nil)
    }
  }

  @Test func `a single replica needs no cookie`() async throws {
    try await withReplica(named("one")) { router in
      let response = try await exchange(get(), port: router.port)
      #expect(response.headers["set-cookie"] == nil)
    }
  }

  @Test func `a drained replica ends its requests and gets no more`() async throws {
    let mayEnd = Mutex(false)
    let slow: @Sendable @concurrent (inout Wire, Int) async throws -> Void = { wire, _ in
      while try await wire.request() != nil {
        try await eventually("the word to end") { mayEnd.withLock { $0 } }
        try await wire.answer("slow")
      }
    }
    try await withWireServer(slow) { slowPort in
      try await withWireServer(named("two")) { two in
        try await withRouter(to: [slowPort]) { router in
          try await Wire.connect(port: router.port) { wire in
            try await wire.send(get())
            try await eventually("the request") { await router.inFlight("web.1") == 1 }
            router.setBackends(backends([slowPort, two]))
            #expect(await router.drain("web.1", until: .after(.milliseconds(1))) == 1)
            for _ in 0..<4 { #expect(try await exchange(get(), port: router.port).text == "two") }
            mayEnd.withLock { $0 = true }
            #expect(await router.drain("web.1", until: .after(.seconds(60))) == 0)
            #expect(try await wire.response()?.text == "slow")
          }
        }
      }
    }
  }

  @Test func `one that refuses is passed over`() async throws {
    try await withRefusingPort { refusing in
      try await withWireServer(named("two")) { two in
        try await withRouter(to: [refusing, two]) { router in
          for _ in 0..<4 {
            let response = try await exchange(
              "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab", port: router.port)
            #expect(response.text == "two")
          }
        }
      }
    }
  }

  @Test func `where all refuse, it is told after a while`() async throws {
    try await withRefusingPort { refusing in
      try await withRouter(to: [refusing]) {
        $0.refusalPatience = .milliseconds(10)
      } _: { router in
        let response = try await exchange(get(), port: router.port)
        #expect(response.status == 502 && response.text == "502: web does not take connections\n")
      }
    }
  }

  @Test func `what can be repeated is, once a kept connection is gone`() async throws {
    // Each connection serves one request, and closes on the second.
    try await withReplica { wire, number in
      _ = try await wire.request()
      try await wire.answer("\(number)")
      _ = try await wire.request()
    } _: { router in
      try await Wire.connect(port: router.port) { wire in
        for number in 0..<4 {
          try await wire.send(get())
          #expect(try await wire.response()?.text == "\(number)")
        }
      }
    }
  }

  @Test func `what cannot be repeated is told`() async throws {
    let seen = Mutex(0)
    try await withReplica { wire, _ in
      _ = try await wire.request()
      seen.withLock { $0 += 1 }
    } _: { router in
      let response = try await exchange(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na", port: router.port)
      #expect(response.status == 502)
      #expect(seen.withLock { $0 } == 1)
      let again = try await exchange(get(), port: router.port)
      #expect(again.status == 502)
      #expect(seen.withLock { $0 } == 5)
    }
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", "SSH-2.0-x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 200 O",
    "HTTP/2 200 OK\r\n\r\n",
    "HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 70_000) + "\r\n\r\n",
  ])
  func `a wrong answer is not passed on`(_ sent: String) async throws {
    try await withReplica { wire, _ in
      _ = try await wire.request()
      try await wire.send(sent)
    } _: { router in
      let response = try await exchange(get(), port: router.port)
      #expect(response.status == 502)
    }
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
  ])
  func `a body that breaks off does not look whole`(_ sent: String) async throws {
    try await withReplica { wire, _ in
      _ = try await wire.request()
      try await wire.send(sent)
    } _: { router in
      let text = try await conversation(get(), port: router.port)
      #expect(!text.contains("0\r\n\r\n") && !text.contains("abcde"))
    }
  }

  @Test func `what a server sends beyond its answer reaches nobody`() async throws {
    try await withReplica { wire, number in
      while let request = try await wire.request() {
        try await wire.answer("\(number)")
        if request.target == "/more" { try await wire.answer("stolen") }
      }
    } _: { router in
      try await Wire.connect(port: router.port) { wire in
        try await wire.send(get("/more"))
        #expect(try await wire.response()?.text == "0")
        try await wire.send(get())
        #expect(try await wire.response()?.text != "stolen")
      }
    }
  }
}
