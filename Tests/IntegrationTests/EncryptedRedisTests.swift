import Foundation
import Testing

/// `encrypted: true` on redis: what a client on ElastiCache meets.
@Suite("Encrypted redis")
struct EncryptedRedisTests {
  private static let manifest = """
    resources:
      cache: { type: redis, options: { version: "7.0", encrypted: true } }
      plain: { type: redis, options: { version: "7.0" } }
    services:
      web: { image: web, resources: [cache] }
      other: { image: web, resources: [plain] }
    """

  private func ping(
    _ app: EncryptedApp, _ port: String, _ arguments: [String], password: String?
  ) async throws -> String {
    let login = password.map { ["REDISCLI_AUTH": $0] } ?? [:]
    let ending = try await app.run(["redis-cli", "-p", port] + arguments + ["ping"], environment: login)
    return ending.text + ending.stderr
  }

  @Test("Only TLS with the password gets in", arguments: EncryptedApp.runtimes)
  func refusals(runtime: String) async throws {
    try await EncryptedApp.with(Self.manifest, runtime) { app in
      let authority = try await app.authority()
      let variables = try await app.variables()
      let url = try #require(variables["CACHE_URL"].flatMap { URLComponents(string: $0) })
      let (port, password) = ("\(try #require(url.port))", try #require(url.password))
      #expect(url.scheme == "rediss" && variables["CACHE_PORT"] == "\(port)/0")
      #expect(variables["CACHE_PASS"] == ":\(password)@" && variables["CACHE_USER"]?.isEmpty == true)
      let trusting = ["--tls", "--cacert", authority]
      #expect(try await ping(app, port, trusting, password: password) == "PONG")
      #expect(try await ping(app, port, trusting + ["-h", "localhost"], password: password) == "PONG")
      #expect(try await ping(app, port, trusting, password: "wrong").contains("WRONGPASS"))
      #expect(try await ping(app, port, trusting, password: nil).contains("NOAUTH"))
      let foreign = ["--tls", "--cacert", EncryptedApp.foreignAuthority]
      #expect(try await ping(app, port, foreign, password: password).contains("certificate verify failed"))
      #expect(try await !ping(app, port, [], password: password).contains("PONG"))
      // The other redis is as it always was.
      let other = try #require(variables["PLAIN_PORT"]).replacing("/0", with: "")
      #expect(try await ping(app, other, [], password: nil) == "PONG")
    }
  }

  @Test(
    "redis-py gets in by rediss:// under drydock run, and nobody without it", arguments: EncryptedApp.runtimes
  )
  func python(runtime: String) async throws {
    try await EncryptedApp.with(Self.manifest, runtime) { app in
      let python = "/usr/bin/python3"
      guard try await app.run([python, "-c", "import redis"]).status == 0 else { return }
      let program = """
        import os, redis
        print(redis.from_url(os.environ["CACHE_URL"]).ping())
        """
      let inside = try await app.drydock(["run", "web", "--", python, "-c", program])
      #expect(inside.text == "True", "\(inside)")
      let url = try #require(try await app.variables()["CACHE_URL"])
      let outside = try await app.run([python, "-c", program], environment: ["CACHE_URL": url])
      #expect(outside.status != 0 && outside.stderr.contains("CERTIFICATE_VERIFY_FAILED"), "\(outside)")
    }
  }

  /// The handshake alone: node's own TLS, no client library.
  private static let node = """
    const url = new URL(process.env.CACHE_URL)
    const tls = require("node:tls")
    const socket = tls.connect({ host: url.hostname, port: url.port }, () => {
      socket.write(`AUTH ${url.password}\\r\\nPING\\r\\nQUIT\\r\\n`)
    })
    socket.on("data", data => process.stdout.write(data))
    socket.on("error", error => { console.error(error.code); process.exit(1) })
    """

  @Test("node gets in by NODE_EXTRA_CA_CERTS under drydock run", arguments: EncryptedApp.runtimes)
  func node(runtime: String) async throws {
    try await EncryptedApp.with(Self.manifest, runtime) { app in
      guard try await app.run(["sh", "-c", "command -v node"]).status == 0 else { return }
      let inside = try await app.drydock(["run", "web", "--", "node", "-e", Self.node])
      #expect(inside.text == "+OK\r\n+PONG\r\n+OK", "\(inside)")
      let url = try #require(try await app.variables()["CACHE_URL"])
      let outside = try await app.run(["node", "-e", Self.node], environment: ["CACHE_URL": url])
      #expect(outside.status == 1 && outside.stderr.contains("VERIFY"), "\(outside)")
    }
  }

  @Test("Trust is for the services that link it, and what is set stays", arguments: EncryptedApp.runtimes)
  func trust(runtime: String) async throws {
    try await EncryptedApp.with(Self.manifest, runtime) { app in
      let print = ["sh", "-c", "echo \"$SSL_CERT_FILE|$NODE_EXTRA_CA_CERTS|$REQUESTS_CA_BUNDLE\""]
      let authority = try await app.authority()
      let bundle = authority.replacing("ca.pem", with: "bundle.pem")
      #expect(try await app.drydock(["run", "web", "--"] + print).text == "\(bundle)|\(authority)|\(bundle)")
      #expect(try await app.drydock(["run", "other", "--"] + print).text == "||")
      let set = try await app.drydock(["run", "web", "--"] + print, environment: ["SSL_CERT_FILE": "/mine"])
      #expect(set.text == "/mine|\(authority)|\(bundle)")
      #expect(set.stderr.contains("left alone: SSL_CERT_FILE;"))
    }
  }

  @Test("Keys are for their owners, and no command line has a secret", arguments: EncryptedApp.runtimes)
  func secrets(runtime: String) async throws {
    try await EncryptedApp.with(Self.manifest, runtime) { app in
      let files = FileManager.default.enumerator(atPath: app.root.path)?.compactMap { $0 as? String } ?? []
      let keys = files.filter { $0.hasSuffix("-key.pem") || $0.hasSuffix("server.key") }
      #expect(keys.count >= 2)
      for key in keys {
        let attributes = try FileManager.default.attributesOfItem(
          atPath: app.root.appending(path: key).path)
        #expect(attributes[.posixPermissions] as? Int == 0o600, "\(key)")
      }
      let url = try #require(try await app.variables()["CACHE_URL"].flatMap { URLComponents(string: $0) })
      let password = try #require(url.password)
      let processes = try await app.run(["ps", "axwwe"])
      #expect(processes.stdout.contains("redis-server") && !processes.stdout.contains(password))
    }
  }

  @Test("A new password is the only one that counts", arguments: EncryptedApp.runtimes)
  func password(runtime: String) async throws {
    try await EncryptedApp.with(Self.manifest, runtime) { app in
      let url = try #require(try await app.variables()["CACHE_URL"].flatMap { URLComponents(string: $0) })
      let (port, old) = ("\(try #require(url.port))", try #require(url.password))
      let new = "new-password-\(UUID().uuidString)"
      let set = try await app.drydock(["params", "set", "ResourcePassword=\(new)"])
      #expect(set.status == 0, "\(set)")
      let trusting = ["--tls", "--cacert", try await app.authority()]
      #expect(try await ping(app, port, trusting, password: new) == "PONG")
      #expect(try await ping(app, port, trusting, password: old).contains("WRONGPASS"))
      #expect(try await app.up() == ["cache": "verify", "plain": "verify"])
    }
  }

  @Test("Encryption is turned on and off, and the data stays", arguments: EncryptedApp.runtimes)
  func toggled(runtime: String) async throws {
    try await EncryptedApp.with(Self.manifest, runtime) { app in
      #expect(try await app.up() == ["cache": "verify", "plain": "verify"])
      let plain = try #require(try await app.variables()["PLAIN_PORT"]).replacing("/0", with: "")
      #expect(try await app.run(["redis-cli", "-p", plain, "set", "a", "1"]).text == "OK")
      let manifest = app.root.appending(path: "app/convox.yml")
      let turned = Self.manifest.replacing("encrypted: true", with: "encrypted: false")
        .replacing(
          "plain: { type: redis, options: { ", with: "plain: { type: redis, options: { encrypted: true, ")
      try turned.write(to: manifest, atomically: true, encoding: .utf8)
      #expect(try await app.up() == ["cache": "start", "plain": "start"])
      let variables = try await app.variables()
      #expect(
        variables["CACHE_URL"]?.hasPrefix("redis://") == true && variables["CACHE_PASS"]?.isEmpty == true)
      let url = try #require(variables["PLAIN_URL"].flatMap { URLComponents(string: $0) })
      let value = try await app.run(
        ["redis-cli", "--tls", "--cacert", try await app.authority(), "-p", plain, "get", "a"],
        environment: ["REDISCLI_AUTH": try #require(url.password)])
      #expect(value.text == "1", "\(value)")
      #expect(try await app.up() == ["cache": "verify", "plain": "verify"])
    }
  }
}
