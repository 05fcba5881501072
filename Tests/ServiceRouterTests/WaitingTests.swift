import DrydockTestSupport
import MonotonicTime
import Testing

@testable import ServiceRouter

@Suite struct WaitingTests {
  @Test func `a request waits for a replica`() async throws {
    try await withWireServer(echo) { port in
      try await withRouter(to: []) { router in
        try await Wire.connect(port: router.port) { wire in
          try await wire.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
          // It is there before there is a replica: the router says so itself.
          try await eventually("the wait") { await router.waiting() == 1 }
          router.setBackends(backends([port]))
          #expect(try await wire.response()?.text.hasSuffix("abc") == true)
        }
      }
    }
  }

  @Test func `who waited in vain is told by a page or a line`() async throws {
    try await withRouter(to: []) {
      $0.patience = .milliseconds(50)
    } _: { router in
      router.setCondition(.crashLooping, detail: "exit code 1 <here>")
      let line = try await exchange(get(), port: router.port)
      #expect(line.status == 503)
      #expect(line.text == "web keeps crashing\nexit code 1 <here>\n")
      #expect(line.headers["retry-after"] == "2")
      let page = try await exchange(get("/", "Accept: text/html,*/*\r\n"), port: router.port)
      #expect(page.headers["content-type"] == "text/html; charset=utf-8")
      #expect(page.text.contains("web keeps crashing") && page.text.contains("exit code 1 &lt;here&gt;"))
    }
  }

  @Test func `nobody waits for what is not on its way`() async throws {
    try await withRouter(to: []) {
      $0.patience = .seconds(3600)
    } _: { router in
      router.setCondition(.scaledToZero)
      #expect(try await exchange(get(), port: router.port).text == "web is scaled to 0\n")
      // Nor goes on waiting.
      router.setCondition(.restarting)
      try await Wire.connect(port: router.port) { wire in
        try await wire.send(get())
        try await eventually("the wait") { await router.waiting() == 1 }
        router.setCondition(.stopped)
        #expect(try await wire.response()?.text == "web is stopped\n")
      }
    }
  }

  @Test func `a client that goes away while it waits is forgotten`() async throws {
    try await withRouter(to: []) { router in
      try await Wire.connect(port: router.port) { wire in
        try await wire.send(get())
        try await eventually("the wait") { await router.waiting() == 1 }
      }
      try await eventually("the end of the wait") { await router.waiting() == 0 }
    }
  }

  @Test func `a port that is taken is told apart`() async throws {
    try await withRouter(to: []) { router in
      let error = await #expect(throws: RouterPortError.self) {
        try await ServiceRouter.listen(port: router.port, RouterOptions(service: "other"))
      }
      #expect(error?.isTaken == true && error?.port == router.port)
    }
  }
}
