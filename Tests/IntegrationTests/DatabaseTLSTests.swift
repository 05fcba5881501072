import Foundation
import Testing

/// TLS on postgres and mariadb: accepted everywhere, and forced on request.
@Suite("TLS of databases")
struct DatabaseTLSTests {
  private static let manifest = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      legacy: { type: mariadb, options: { version: "10.11" } }
    services:
      web: { image: web, resources: [mydb, legacy] }
    """

  private func psql(_ app: EncryptedApp, _ url: String, _ query: String) async throws -> EncryptedApp.Ending {
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    return try await app.run(["psql", "-X", "-At", "\(url)?\(query)", "-c", sql])
  }

  @Test("postgres takes TLS that is verified, and plain connections", arguments: EncryptedApp.runtimes)
  func postgres(runtime: String) async throws {
    try await EncryptedApp.with(Self.manifest, runtime) { app in
      let url = try #require(try await app.variables()["MYDB_URL"])
      let authority = try await app.authority()
      let verified = try await psql(app, url, "sslmode=verify-full&sslrootcert=\(authority)")
      #expect(verified.text == "t", "\(verified)")
      #expect(try await psql(app, url, "sslmode=disable").text == "f")
      let foreign = try await psql(
        app, url, "sslmode=verify-full&sslrootcert=\(EncryptedApp.foreignAuthority)")
      #expect(foreign.status != 0 && foreign.stderr.contains("certificate verify failed"))
    }
  }

  @Test("mariadb takes TLS that is verified, and plain connections", arguments: EncryptedApp.runtimes)
  func mariadb(runtime: String) async throws {
    try await EncryptedApp.with(Self.manifest, runtime) { app in
      let url = try #require(try await app.variables()["LEGACY_URL"].flatMap { URLComponents(string: $0) })
      let password = try #require(url.password)
      let port = "\(try #require(url.port))"
      func cipher(_ arguments: [String]) async throws -> EncryptedApp.Ending {
        try await app.run(
          ["mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", port, "-u", "app", "-N"] + arguments
            + ["app", "-e", "SHOW STATUS LIKE 'Ssl_version'"], environment: ["MYSQL_PWD": password])
      }
      let verify = "--ssl-verify-server-cert"
      #expect(try await cipher(["--ssl-ca=\(try await app.authority())", verify]).text.contains("TLSv1"))
      #expect(try await cipher(["--skip-ssl"]).text == "Ssl_version")
      #expect(try await cipher(["--ssl-ca=\(EncryptedApp.foreignAuthority)", verify]).status != 0)
    }
  }

  @Test(
    "--force-ssl refuses plain connections in PostgreSQL's own words, until it is taken back",
    arguments: EncryptedApp.runtimes)
  func forced(runtime: String) async throws {
    try await EncryptedApp.with(Self.manifest, runtime, up: ["--force-ssl"]) { app in
      let url = try #require(try await app.variables()["MYDB_URL"])
      let plain = try await psql(app, url, "sslmode=disable")
      #expect(plain.status != 0)
      #expect(plain.stderr.contains("no pg_hba.conf entry for host"))
      #expect(plain.stderr.contains("user \"app\", database \"app\", no encryption"))
      #expect(try await psql(app, url, "sslmode=require").text == "t")
      // Remembered: neither ps nor a later up asks by a plain connection.
      #expect(try await app.up() == ["mydb": "verify", "legacy": "verify"])
      #expect(try await app.drydock(["ps"]).stdout.contains("running"))
      #expect(try await app.drydock(["down"]).status == 0)
      #expect(try await app.up() == ["mydb": "start", "legacy": "start"])
      #expect(try await psql(app, url, "sslmode=disable").status != 0)
      #expect(try await app.up(["--no-force-ssl"]) == ["mydb": "start", "legacy": "verify"])
      #expect(try await psql(app, url, "sslmode=disable").text == "f")
    }
  }
}
