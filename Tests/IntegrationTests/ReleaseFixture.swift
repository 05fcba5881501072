import DrydockTestSupport
import Foundation
import Testing

/// An app and a created resource as the first release of drydock left them: its own files, from `Fixtures/release-1`.
///
/// `layout.txt` says what lies where, whose it is and with which permissions. Data that is too large for a repository,
/// PostgreSQL's and MariaDB's, is made here, as that release made it.
struct ReleaseFixture {
  static let app = "zeojabp1wq5i"
  static let shared = "ff3j1jnwnly3"

  private struct Entry {
    let mode: mode_t
    let owner: String
    let path: String
    var isFolder: Bool { path.hasSuffix("/") }
  }

  private let source = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures/release-1")
  private let root: URL
  private var values: [String: String] = [:]

  private init(_ root: URL) throws {
    self.root = root
    values["@ROOT@"] = root.path(percentEncoded: false)
    // Making the data takes a while, after which they have to be free still: drydock would move on to others.
    for (number, port) in try quietPorts(5).enumerated() { values["@PORT\(number + 1)@"] = "\(port)" }
  }

  /// Puts them in the place of a test's app and home.
  static func place(in app: AppFixture) async throws {
    var fixture = try ReleaseFixture(app.root)
    let postgres = try #require(InstalledEngines.postgres).appending(path: "postgres").path
    let mariadb = try #require(InstalledEngines.mariadb).path
    try await fixture.note(version: app.program(postgres, "--version"), as: "POSTGRES", seriesLength: 1)
    try await fixture.note(version: app.program(mariadb, "--version"), as: "MARIADB", seriesLength: 2)
    try fixture.copy()
    try await fixture.makePostgres(in: app)
    try await fixture.makeMariaDB(in: app)
  }

  private mutating func note(version: CommandResult, as name: String, seriesLength: Int) throws {
    let number = try #require(version.stdout.firstMatch(of: /\d+(?:\.\d+)+/)).output
    values["@\(name)@"] = String(number)
    values["@\(name)_SERIES@"] = number.split(separator: ".").prefix(seriesLength).joined(separator: ".")
  }

  private func fill(_ text: String) -> String {
    values.reduce(text) { $0.replacing($1.key, with: $1.value) }
  }

  private func copy() throws {
    let list = try String(contentsOf: source.appending(path: "layout.txt"), encoding: .utf8)
    for line in list.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      try copy(Entry(mode: try #require(mode_t(words[0], radix: 8)), owner: words[1], path: words[2]))
    }
  }

  private func copy(_ entry: Entry) throws {
    let target = root.appending(path: fill(entry.path))
    if entry.isFolder {
      try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    } else {
      // Names with a dot in front would be left out of commits.
      let name = entry.path.split(separator: "/").map { $0.hasPrefix(".") ? "dot-\($0.dropFirst())" : $0 }
      let bytes = try? Data(contentsOf: source.appending(path: "files/\(name.joined(separator: "/"))"))
      let text = bytes.flatMap { String(data: $0, encoding: .utf8) }
      try (text.map { Data(fill($0).utf8) } ?? bytes ?? Data()).write(to: target)
    }
    let path = target.path(percentEncoded: false)
    if getuid() == 0 { #expect(lchown(path, Self.user(entry.owner).0, Self.user(entry.owner).1) == 0) }
    #expect(chmod(path, entry.mode) == 0)
  }

  private static func user(_ name: String) -> (uid_t, gid_t) {
    if let number = uid_t(name) { return (number, number) }
    guard let entry = getpwnam(name) ?? getpwnam("nobody") else { return (65534, 65534) }
    return (entry.pointee.pw_uid, entry.pointee.pw_gid)
  }

  // MARK: Data

  private struct Passwords: Decodable {
    struct Resource: Decodable { let administratorPassword: String }
    let resourcePassword: String
    let resources: [String: Resource]
  }

  private func passwords(_ resource: String) throws -> (app: String, administrator: String) {
    let file = root.appending(path: "home/instances/\(Self.app)/state.json")
    let state = try JSONDecoder().decode(Passwords.self, from: Data(contentsOf: file))
    return (state.resourcePassword, try #require(state.resources[resource]).administratorPassword)
  }

  private func data(_ resource: String) -> String {
    root.appending(path: "home/engines/\(Self.app)/\(resource)/data").path(percentEncoded: false)
  }

  private func run(_ words: [String], as user: String, in app: AppFixture, input: String = "") async throws {
    var app = app
    if getuid() == 0 {
      let (uid, gid) = Self.user(user)
      app.prefix = ["setpriv", "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups", "--"]
    }
    let result = try await app.start(
      words, environment: ["LC_ALL": "C.UTF-8", "TMPDIR": "/tmp"], input: input, tool: true
    )
    .result()
    try #require(result.status == 0, "\(words): \(result)")
  }

  /// An empty folder of the engine's user.
  private func makeData(_ resource: String, owner: String) throws -> String {
    let path = data(resource)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    #expect(chmod(path, 0o700) == 0)
    if getuid() == 0 { #expect(lchown(path, Self.user(owner).0, Self.user(owner).1) == 0) }
    return path
  }

  private func makePostgres(in app: AppFixture) async throws {
    let programs = try #require(InstalledEngines.postgres)
    let data = try makeData("mydb", owner: "postgres")
    let passwords = try passwords("mydb")
    try await run(
      [
        programs.appending(path: "initdb").path, "--pgdata", data, "--username", "drydock",
        "--auth-local=reject", "--auth-host=reject", "--no-sync", "--no-instructions", "--encoding=UTF8",
        "--locale=C.UTF-8",
      ], as: "postgres", in: app)
    let single = [
      programs.appending(path: "postgres").path, "--single", "-D", data, "-c", "fsync=off", "-c",
      "password_encryption=scram-sha-256", "-c", "exit_on_error=on",
    ]
    let accounts = [
      "ALTER ROLE drydock PASSWORD '\(passwords.administrator)'", "CREATE ROLE rds_superuser NOLOGIN",
      "GRANT pg_monitor, pg_signal_backend TO rds_superuser WITH ADMIN OPTION",
      "CREATE ROLE app LOGIN CREATEDB CREATEROLE PASSWORD '\(passwords.app)'",
      "GRANT rds_superuser TO app", "CREATE DATABASE app OWNER app",
    ]
    try await run(single + ["postgres"], as: "postgres", in: app, input: Self.lines(accounts))
    let table = ["CREATE TABLE kept AS SELECT 42 AS answer", "ALTER TABLE kept OWNER TO app"]
    try await run(single + ["app"], as: "postgres", in: app, input: Self.lines(table))
  }

  private func makeMariaDB(in app: AppFixture) async throws {
    let data = try makeData("legacy", owner: "mysql")
    let install = try #require(InstalledEngines.mariadbInstall).path
    try await run(
      [
        install, "--no-defaults", "--datadir=\(data)", "--auth-root-authentication-method=socket",
        "--skip-test-db", "--skip-name-resolve",
      ], as: "mysql", in: app)
    let table = [
      "CREATE DATABASE app;", "CREATE TABLE app.kept (answer INT);", "INSERT INTO app.kept VALUES (42);",
    ]
    try await run(
      [try #require(InstalledEngines.mariadb).path, "--no-defaults", "--bootstrap", "--datadir=\(data)"],
      as: "mysql", in: app, input: Self.lines(table))
  }

  private static func lines(_ statements: [String]) -> String {
    statements.map { $0 + "\n" }.joined()
  }
}
