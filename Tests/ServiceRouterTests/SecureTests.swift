import DrydockTestSupport
import Foundation
import MonotonicTime
import NIOCore
import NIOPosix
import PortForwarding
import Testing
import TransportSecurity

@testable import ServiceRouter

/// A router that speaks TLS at a second port.
@Suite("https") struct SecureTests {
  /// Runs `body` with a router that has both ports, and the file of the authority that its clients trust.
  private func withSecureRouter<Value: Sendable>(
    to ports: [Int],
    _ body:
      @escaping @Sendable @concurrent (_ router: ServiceRouter, _ secure: Int, _ trust: String)
      async throws -> Value
  ) async throws -> Value {
    let made = try CertificateAuthority.make(name: "a test's", now: Date())
    let hosts = ["web.shop.localhost", "127.0.0.1"]
    let identity = try CertificateAuthority(made).issue(name: "web", hosts: hosts, now: Date())
    let trust = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).pem").path
    try Data(made.certificate.utf8).write(to: URL(filePath: trust))
    defer { try? FileManager.default.removeItem(atPath: trust) }
    return try await withRouter(
      to: ports, { $0.secure = RouterOptions.SecurePort(port: 0, identity: identity) }
    ) { router in try await body(router, try #require(router.securePort), trust) }
  }

  /// Speaks over TLS.
  private func secured<Value: Sendable>(
    _ port: Int, _ trust: String, host: String = "127.0.0.1",
    _ body: @escaping @Sendable @concurrent (inout Wire) async throws -> Value
  ) async throws -> Value {
    try await Wire.connect(
      port: port,
      prepare: { channel in
        let client = try TLSClient(authorityFile: trust, host: host)
        try channel.pipeline.syncOperations.addHandler(TLSHandler(client))
      }, body)
  }

  @Test("a health check by TLS takes whoever's certificate, and tells what speaks none")
  func health() async throws {
    try await withWireServer(echo) { server in
      try await withSecureRouter(to: [server]) { _, port, _ in
        let check = HealthCheck(.https(path: "/up"), timeout: .seconds(60))
        #expect(await check.run(Backend(id: "a", port: port)) == .healthy)
      }
    }
    try await withWireServer { wire, _ in
      try await wire.send("HTTP/1.1 400 Bad Request\r\n\r\n")
    } _: { port in
      let check = HealthCheck(.https(path: "/up"), timeout: .seconds(60))
      guard case .unhealthy(let reason) = await check.run(Backend(id: "b", port: port)) else {
        Issue.record("what speaks no TLS is taken for healthy")
        return
      }
      #expect(reason.hasPrefix("no TLS: "), "\(reason)")
    }
  }

  @Test("a request by TLS reaches the replica, which is told so")
  func forwarded() async throws {
    try await withWireServer(echo) { server in
      try await withSecureRouter(to: [server]) { _, port, trust in
        for host in ["127.0.0.1", "web.shop.localhost"] {
          let text = try await secured(port, trust, host: host) { wire in
            try await wire.send("POST /a?b HTTP/1.1\r\nHost: \(host)\r\nContent-Length: 3\r\n\r\nabc")
            return try #require(try await wire.response()).text
          }
          #expect(text.hasPrefix("POST /a?b HTTP/1.1\n"))
          #expect(text.contains("\nx-forwarded-proto: https\n"))
          #expect(text.contains("\nx-forwarded-port: \(port)\n"))
          #expect(text.hasSuffix("\nabc"))
        }
      }
    }
  }

  @Test(
    "who asks by http is sent to https, as AWS's balancer does, and nothing reaches the replica",
    arguments: [
      ("GET /a?b=c HTTP/1.1\r\nHost: web.shop.localhost:123\r\n\r\n", "web.shop.localhost", "/a?b=c"),
      ("GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", "[::1]", "/"),
      ("GET /x HTTP/1.0\r\n\r\n", "127.0.0.1", "/x"), ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "a", "/"),
      ("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "a", "/p"),
    ])
  func redirected(request: String, host: String, path: String) async throws {
    try await withWireServer { wire, _ in
      while try await wire.request() != nil { Issue.record("a request came through") }
    } _: { server in
      try await withSecureRouter(to: [server]) { router, port, _ in
        let answer = try await exchange(request, port: router.port)
        #expect(answer.status == 301)
        #expect(answer.headers["location"] == "https://\(host):\(port)\(path)")
      }
    }
  }

  @Test("a body that is larger than every buffer comes whole, there and back")
  func large() async throws {
    let body = String(repeating: "0123456789abcdef", count: 1 << 16)
    try await withWireServer(echo) { server in
      try await withSecureRouter(to: [server]) { _, port, trust in
        let text = try await secured(port, trust) { wire in
          try await wire.send(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
          return try #require(try await wire.response()).text
        }
        #expect(text.hasSuffix("\n\(body)"))
      }
    }
  }

  @Test("an upgraded connection goes on by TLS, to the end of either side")
  func upgraded() async throws {
    try await withWireServer { wire, _ in
      _ = try await wire.request()
      try await wire.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
      while let line = try await wire.line() { try await wire.send("\(line) heard\r\n") }
    } _: { server in
      try await withSecureRouter(to: [server]) { _, port, trust in
        try await secured(port, trust) { wire in
          try await wire.send(get("/", "Connection: upgrade\r\nUpgrade: x\r\n"))
          #expect(try await wire.response()?.status == 101)
          for word in ["one", "two"] {
            try await wire.send("\(word)\r\n")
            #expect(try await wire.line() == "\(word) heard")
          }
          wire.finish()
          #expect(try await wire.rest() == [])
        }
      }
    }
  }

  @Test("what is no TLS, or ends in the middle of it, harms nobody else")
  func strangers() async throws {
    try await withWireServer(echo) { server in
      try await withSecureRouter(to: [server]) { _, port, trust in
        for bytes in [get(), "\u{16}\u{3}\u{1}", String(repeating: "\u{0}", count: 100_000)] {
          // It is answered by an alert at most, and not in plain text.
          #expect(try await !conversation(bytes + "\r\n", port: port, ends: true).contains("HTTP/1.1"))
        }
        let answer = try await secured(port, trust) { wire in
          try await wire.send(get())
          return try #require(try await wire.response())
        }
        #expect(answer.status == 200)
      }
    }
  }

  @Test("a certificate whose key is another one's is refused before anything listens")
  func mismatched() async throws {
    let authority = try CertificateAuthority(CertificateAuthority.make(name: "a test's", now: Date()))
    let (one, other) = (
      try authority.issue(name: "a", hosts: ["a"], now: Date()),
      try authority.issue(name: "b", hosts: ["b"], now: Date())
    )
    var options = RouterOptions(service: "web")
    options.secure = RouterOptions.SecurePort(
      port: 0, identity: KeyedCertificate(certificate: one.certificate, privateKey: other.privateKey))
    await #expect(throws: TLSError.self) { _ = try await ServiceRouter.listen(port: 0, options) }
  }
}
