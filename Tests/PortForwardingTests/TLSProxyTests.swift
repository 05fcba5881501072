import AppStateTestSupport
import DrydockTestSupport
import Foundation
import Testing
import TransportSecurity

@testable import PortForwarding

/// A proxy that speaks TLS for its clients, before a real redis that takes nothing else.
@Suite(.enabled(if: InstalledEngines.redis != nil)) struct TLSProxyTests {
  /// Runs `body` with the port of a redis, the certificate to trust, and one of a stranger.
  private func withRedis(
    _ body: @escaping @Sendable (_ port: Int, _ authority: String, _ stranger: String) async throws -> Void
  ) async throws {
    try await TestHome.with { test in
      // Readable for the user to whom an engine of root's drops.
      chmod(test.path, 0o755)
      let kept = try CertificateAuthority.make(name: "ours", now: Date())
      let issued = try CertificateAuthority(kept).issue(name: "it", hosts: ["127.0.0.1"], now: Date())
      try test.write(kept.certificate, to: "ca.pem")
      try test.write(try CertificateAuthority.make(name: "ours", now: Date()).certificate, to: "other.pem")
      try test.write(issued.certificate, to: "server.pem")
      try test.write(issued.privateKey, to: "key.pem")
      let port = try freePort()
      let settings = [
        "port 0", "tls-port \(port)", "tls-cert-file \(test.path)/server.pem",
        "tls-key-file \(test.path)/key.pem", "tls-auth-clients no", "protected-mode no",
      ]
      let marker = "drydock-\(UUID().uuidString.lowercased())"
      try await withTemporaryRedis(marker: marker, settings: settings) { _ in
        try await body(port, "\(test.path)/ca.pem", "\(test.path)/other.pem")
      }
    }
  }

  /// Waits for the server by way of the proxy.
  private func awaitPong(_ port: Int) async throws {
    try await eventually("redis behind the proxy") {
      try await onThread {
        guard let socket = try? TestSocket.connect(port) else { return false }
        guard (try? socket.send("PING\r\n")) != nil else { return false }
        return (try? socket.receive(count: 7)) == Array("+PONG\r\n".utf8)
      }
    }
  }

  @Test func plainClientsComeThroughWithLargeValues() async throws {
    try await withRedis { port, authority, _ in
      let destination = ForwardingDestination(host: "127.0.0.1", port: port, authorityFile: authority)
      try await TestProxy.with(to: destination) { proxy in
        try await awaitPong(proxy.port)
        let size = 20_000_000
        let received = try await onThread {
          let socket = try TestSocket.connect(proxy.port)
          try socket.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(size)\r\n")
          try Pattern.send(5..<5 + size, to: socket)
          try socket.send("\r\n")
          #expect(try socket.receive(count: 5) == Array("+OK\r\n".utf8))
          try socket.send("GET k\r\n")
          let head = "$\(size)\r\n"
          #expect(try socket.receive(count: head.utf8.count) == Array(head.utf8))
          let received = try Pattern.receive(from: 5, of: socket, atMost: size)
          #expect(try socket.receive(count: 2) == Array("\r\n".utf8))
          // The end of what is sent is passed on as TLS has it, and redis ends in turn.
          socket.endSending()
          #expect(try socket.receiveAll().isEmpty)
          return received
        }
        #expect(received == size)
      }
    }
  }

  @Test func aStrangersCertificateIsRefused() async throws {
    try await withRedis { port, authority, stranger in
      let right = ForwardingDestination(host: "127.0.0.1", port: port, authorityFile: authority)
      try await TestProxy.with(to: right) { try await awaitPong($0.port) }
      let wrong = ForwardingDestination(host: "127.0.0.1", port: port, authorityFile: stranger)
      try await TestProxy.with(to: wrong) { proxy in
        try await onThread {
          let socket = try TestSocket.connect(proxy.port)
          #expect(throws: SocketFailure.self) { try socket.receiveAll() }
        }
        let reasons = proxy.events().compactMap { if case .failed(let reason) = $0 { reason } else { nil } }
        #expect(reasons.count == 1 && reasons[0].contains("its certificate is not trusted"), "\(reasons)")
      }
    }
  }

  @Test func aServerWithoutTLSIsToldApart() async throws {
    try await TestHome.with { test in
      try test.write(try CertificateAuthority.make(name: "ours", now: Date()).certificate, to: "ca.pem")
      let (listener, port) = try TestSocket.listen()
      Thread.detachNewThread {
        while let client = try? listener.accept() { try? client.send("-ERR what?\r\n") }
      }
      defer { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }
      let destination = ForwardingDestination(
        host: "127.0.0.1", port: port, authorityFile: "\(test.path)/ca.pem")
      try await TestProxy.with(to: destination) { proxy in
        try await onThread {
          let socket = try TestSocket.connect(proxy.port)
          #expect(throws: SocketFailure.self) { try socket.receiveAll() }
        }
        let reasons = proxy.events().compactMap { if case .failed(let reason) = $0 { reason } else { nil } }
        #expect(reasons.count == 1 && reasons[0].contains("no TLS"), "\(reasons)")
      }
    }
  }
}
