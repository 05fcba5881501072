import Testing

@testable import Engines

/// Which extensions the app may create, and what that takes.
@Suite struct PostgresExtensionTests {
  private let amendments = PostgresExtensions.amendments(["/share/extension"])

  private func amended(_ name: String, _ text: String) -> String? {
    amendments.concerns(name) ? amendments.amend(name, text) : nil
  }

  @Test(
    "RDS's list and nothing else is trusted",
    arguments: [
      ("dblink.control", true), ("vector.control", true), ("uuid-ossp.control", true),
      ("earthdistance.control", true), ("file_fdw.control", false), ("adminpack.control", false),
      ("plpython3u.control", false), ("timescaledb.control", false), ("dblink--1.2.control", false),
      ("dblink--1.2.sql", false),
    ])
  func listed(_ name: String, _ isTrusted: Bool) {
    let text = "# a comment\ndefault_version = '1.2'\nrelocatable = true\n"
    #expect(amended(name, text) == (isTrusted ? text + "trusted = true\n" : nil))
  }

  @Test("A control file says it once, and stays as it is where it does already")
  func once() {
    #expect(amended("hstore.control", "trusted = true\nrelocatable = true\n") == nil)
    #expect(
      amended("hstore.control", "trusted=false\nrelocatable = true") == "relocatable = true\ntrusted = true\n"
    )
  }

  @Test("Who may create a foreign data wrapper may use it")
  func wrappers() {
    let script = "CREATE FOREIGN DATA WRAPPER postgres_fdw;"
    #expect(
      amended("postgres_fdw--1.0.sql", script)
        == script + "\nGRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO rds_superuser;\n")
    for other in ["postgres_fdw--1.0--1.1.sql", "file_fdw--1.0.sql", "hstore--1.4.sql"] {
      #expect(amended(other, script) == nil)
    }
  }

  @Test(
    "A server is put together anew where its parts are known to lie",
    arguments: [
      ("/usr/lib/postgresql/15/bin/postgres", "/usr/share/postgresql/15", true),
      ("/usr/pgsql-16/bin/postgres", "/usr/pgsql-16/share", true),
      ("/usr/local/bin/postgres", "/usr/local/share/postgresql", true),
      ("/usr/lib/postgresql/15/bin/postgres", "/usr/share/postgresql/16", false),
      ("/usr/bin/the-server", "/usr/share", false),
    ])
  func layout(_ server: String, _ share: String, _ isKnown: Bool) {
    let layout = PostgresLayout(server: server) { $0 == "\(share)/extension/plpgsql.control" }
    #expect((layout != nil) == isKnown)
    guard let relocation = layout?.relocation else { return }
    #expect(relocation.executable == server && relocation.folder == share)
    #expect(relocation.amendments.folders == ["\(share)/extension"])
    #expect(relocation.linked == [String(server.dropLast("bin/postgres".count)) + "lib"])
  }

  @Test(
    "The library is loaded besides those that an image loads itself",
    arguments: [
      ("#shared_preload_libraries = ''\n", "pg_stat_statements"),
      ("shared_preload_libraries = 'timescaledb'\n", "timescaledb,pg_stat_statements"),
      ("shared_preload_libraries = 'a'\nshared_preload_libraries='b, c' # x\n", "b,c,pg_stat_statements"),
      ("shared_preload_libraries = 'pg_stat_statements,pgaudit'\n", nil),
    ] as [(String, String?)])
  func preloads(_ settings: String, _ expected: String?) throws {
    let version = try #require(ServerVersion.of("15.4"))
    let amendments = try #require(server("postgres")?.imageAmendments(version))
    let added = expected.map { settings + "\nshared_preload_libraries = '\($0)'\n" }
    #expect(amendments.amendSettings(settings) == added)
    #expect(amendments.files.folders.first == "/usr/share/postgresql/15/extension")
  }

  @Test("Before 13 no control file can say so")
  func oldServers() throws {
    let engine = try #require(server("postgres"))
    for banner in ["12.22", "9.6.24"] {
      let found = installation(banner, version: try #require(.of(banner)))
      #expect(engine.relocation(found) == nil)
      #expect(engine.imageAmendments(found.version) == nil)
    }
  }
}
