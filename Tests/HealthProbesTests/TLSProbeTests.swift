import DrydockTestSupport
import Foundation
import HealthProbes
import MonotonicTime
import Testing
import TransportSecurity

/// Probes that verify the server's certificate, against real engines.
@Suite("Probes over TLS")
struct TLSProbeTests {
  private let marker = "drydock-\(UUID().uuidString.lowercased())"

  /// Two authorities and a server's certificate of the first, as files.
  private struct Files {
    let folder: URL
    let hosts: [String]
    var authority: String { folder.appending(path: "ca").path }
    var stranger: String { folder.appending(path: "stranger").path }
    var certificate: String { folder.appending(path: "crt").path }
    var key: String { folder.appending(path: "key").path }

    func write() throws {
      let kept = try CertificateAuthority.make(name: "ours", now: Date())
      let issued = try CertificateAuthority(kept).issue(name: "it", hosts: hosts, now: Date())
      let other = try CertificateAuthority.make(name: "ours", now: Date())
      for (path, text) in [
        (authority, kept.certificate), (stranger, other.certificate), (certificate, issued.certificate),
        (key, issued.privateKey),
      ] {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
      }
    }
  }

  private func withFiles(
    hosts: [String] = ["127.0.0.1"], _ body: (Files) async throws -> Void
  ) async throws {
    let folder = URL(filePath: "/tmp/drydock-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = Files(folder: folder, hosts: hosts)
    try files.write()
    try await body(files)
  }

  private func withRedis(
    _ files: Files, _ body: (TemporaryEngine, Int) async throws -> Void
  ) async throws {
    let port = try freePort()
    let settings = [
      "port 0", "tls-port \(port)", "tls-cert-file \(files.certificate)", "tls-key-file \(files.key)",
      "tls-auth-clients no", "requirepass right",
    ]
    try await withTemporaryRedis(marker: marker, settings: settings) { try await body($0, port) }
  }

  private func target(_ port: Int, _ authority: String?, password: String = "right") -> ProbeTarget {
    ProbeTarget(port: port, password: password, authorityFile: authority)
  }

  private func ready(_ engine: TemporaryEngine, _ target: ProbeTarget) async throws -> ServerReport {
    let wait = ReadinessWait(
      subject: "redis", probe: RedisProbe(target: target),
      identity: ExpectedIdentity(marker: marker, processID: Int(engine.processID)),
      liveness: { liveness(of: engine) })
    return try await wait.run(until: .after(testDeadline))
  }

  @Test("An encrypted redis reports who it is", .enabled(if: InstalledEngines.redis != nil))
  func redis() async throws {
    try await withFiles { files in
      try await withRedis(files) { engine, port in
        let report = try await ready(engine, target(port, files.authority))
        #expect(report.processID == Int(engine.processID))
        // The answer to INFO is longer than a segment, and must come whole.
        #expect(report.runID?.count == 40)
      }
    }
  }

  @Test(
    "A foreign authority, a wrong password and a plain connection are told apart",
    .enabled(if: InstalledEngines.redis != nil))
  func redisRefusals() async throws {
    try await withFiles { files in
      try await withRedis(files) { engine, port in
        _ = try await ready(engine, target(port, files.authority))
        func failed(_ target: ProbeTarget) async throws -> ProbeFailure {
          try await failure(of: { try await RedisProbe(target: target).attempt(until: .after(testDeadline)) })
        }
        #expect(kind(of: try await failed(target(port, files.stranger))) == "stranger")
        for password in ["wrong", ""] {
          let failure = try await failed(target(port, files.authority, password: password))
          #expect(kind(of: failure) == "credentials", "\(password)")
        }
        #expect(kind(of: try await failed(target(port, nil))) == "unreachable")
      }
    }
  }

  @Test("A certificate for another host is a stranger's", .enabled(if: InstalledEngines.redis != nil))
  func otherHost() async throws {
    try await withFiles(hosts: ["127.0.0.2", "localhost"]) { files in
      try await withRedis(files) { engine, port in
        let wait = ReadinessWait(
          subject: "redis", probe: RedisProbe(target: target(port, files.authority)),
          identity: ExpectedIdentity(), liveness: { liveness(of: engine) })
        await #expect(throws: ReadinessError.self) { _ = try await wait.run(until: .after(testDeadline)) }
      }
    }
  }

  @Test(
    "A redis without TLS is something else than an encrypted one",
    .enabled(if: InstalledEngines.redis != nil))
  func plainServer() async throws {
    try await withFiles { files in
      try await withTemporaryRedis(marker: marker) { engine in
        _ = try await ready(engine, target(engine.port, nil, password: ""))
        let probe = RedisProbe(target: target(engine.port, files.authority))
        let failure = try await failure(of: { try await probe.attempt(until: .after(.milliseconds(500))) })
        // To redis, the greeting of TLS is a command without an end.
        #expect(["timedOut", "unreachable", "wrongProtocol"].contains(kind(of: failure)))
      }
    }
  }

  @Test("A server that never answers the handshake is given up in time")
  func silentServer() async throws {
    try await withFiles { files in
      try await withBlackHole(.silent) { server in
        let probe = RedisProbe(target: target(server.port, files.authority))
        let failure = try await failure(of: { try await probe.attempt(until: .after(.milliseconds(200))) })
        #expect(kind(of: failure) == "timedOut")
      }
    }
  }

  @Test(
    "MariaDB proves itself by its certificate, and no other authority's will do",
    .enabled(if: InstalledEngines.mariadb != nil))
  func mariadb() async throws {
    try await withFiles { files in
      let settings = ["--ssl-cert=\(files.certificate)", "--ssl-key=\(files.key)"]
      try await withTemporaryMariaDB(marker: marker, settings: settings) { engine in
        _ = try await ReadinessWait(
          subject: "mariadb", probe: MySQLProbe(target: mariadbAdministrator(engine)),
          liveness: { liveness(of: engine) }
        ).run(until: .after(testDeadline))
        let administrator = MySQLAdministrator(target: mariadbAdministrator(engine))
        try await administrator.execute(
          [
            "CREATE DATABASE app", "CREATE USER 'app'@'%' IDENTIFIED BY 'right'",
            "GRANT ALL ON app.* TO 'app'@'%'",
          ],
          until: .after(testDeadline))
        func attempt(_ authority: String) async throws -> ServerReport {
          var target = target(engine.port, authority)
          (target.user, target.database) = ("app", "app")
          return try await MySQLProbe(target: target).attempt(until: .after(testDeadline))
        }
        #expect(try await attempt(files.authority).marker == marker)
        let refusal = try await failure(of: { try await attempt(files.stranger) })
        #expect(kind(of: refusal) == "stranger", "\(refusal)")
      }
    }
  }

  @Test("Who has no certificate gets no password", arguments: [BadServerTests.Family.postgres, .mysql])
  func noCertificate(_ family: BadServerTests.Family) async throws {
    // PostgreSQL's answer to the wish for TLS; MySQL's is in what it says first.
    let behaviour: BlackHoleServer.Behaviour =
      family == .postgres
      ? .answering(Array("N".utf8), thenCloses: false)
      : .greeting(mysqlGreeting(plugin: "mysql_native_password"), thenCloses: false)
    try await withFiles { files in
      try await withBlackHole(behaviour) { server in
        var target = target(server.port, files.authority, password: "secret")
        (target.user, target.database) = ("app", "app")
        let probe = family.probe(target)
        let failure = try await failure(of: { try await probe.attempt(until: .after(testDeadline)) })
        #expect(kind(of: failure) == "stranger", "\(failure)")
        #expect(!String(decoding: server.received, as: UTF8.self).contains("secret"))
      }
    }
  }
}
