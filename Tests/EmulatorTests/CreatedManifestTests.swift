import ConvoxManifest
import Engines
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Resources

/// What a resource that is made on its own may be.
@Suite struct CreatedManifestTests {
  @Test(
    "Options that are refused, in the words of a command",
    arguments: [
      ("postgres", ["stroage": "3"], "unknown option stroage", "storage"),
      ("postgres", ["storage": "much"], "storage takes a whole number", nil),
      ("mysql", ["readSourceDB": "#convox.resources.x"], "readSourceDB is for resources of one", "declare"),
      ("redis", ["durable": "true"], "needs two nodes", "nodes: 2"),
      ("postgres", ["version": "99"], "AWS has no PostgreSQL 99", "describe-db-engine-versions"),
      ("mysql", ["version": "6.0"], "AWS has no MySQL 6.0", nil),
      ("mariadb", ["version": "5.5"], "AWS has no MariaDB 5.5", nil),
      ("redis", ["version": "99"], "AWS has no Redis or Valkey 99.0", nil),
      ("valkey", ["version": "7.0"], "AWS has no Valkey 7.0", nil),
      ("memcached", ["version": "3"], "AWS has no Memcached 3.0", nil),
      ("postgres", ["version": "latest"], "version takes a version such as", nil),
      ("memcached", ["nodes": "0"], "nodes takes a whole number from 1 to 40", nil),
      ("memcached", ["count": "2"], "unknown option count", nil),
      ("memcached", ["": "2"], "Name=Value expected", nil),
      ("redis", ["encrypted": "yes"], "encrypted takes true or false", nil),
      ("syslog", ["url": "tcp://h:1"], "unknown option url", "Url"),
      ("syslog", [:], "needs Url", "Url="),
    ] as [(String, [String: String], String, String?)])
  func refused(type: String, options: [String: String], problem: String, remedy: String?) throws {
    let error = try #require(throws: DrydockError.self) { try manifest(type, options).check() }
    #expect(error.code == .failed)
    #expect(error.message.contains(problem), "\(error.message)")
    #expect(!error.message.contains("convox.yml:"), "\(error.message)")
    #expect(remedy.map { error.suggestion?.contains($0) == true } ?? true, "\(error.suggestion ?? "")")
  }

  /// Bug: it was accepted, and failed in the background.
  @Test("Another series than the data's is refused at once", arguments: ["14", "16"])
  func otherSeries(version: String) throws {
    var record = ResourceRecord(
      type: "postgres", administratorPassword: "", wantedVersion: "15", options: ["version": "15"])
    (record.version, record.dataVersion) = ("15.4", "15.4")
    let error = try #require(throws: DrydockError.self) {
      try manifest("postgres", ["version": version]).check(over: record)
    }
    #expect(error.code == .dataMismatch && error.message.contains("version \(version) cannot serve it"))
    try manifest("postgres", ["version": "15"]).check(over: record)
  }

  /// Earlier ones took a version that AWS never had: everything else can still be changed there.
  @Test func whatWasLetInBeforeStandsInNoOtherChangesWay() throws {
    let before = ["version": "99", "nodes": "1"]
    try manifest("memcached", ["version": "99", "nodes": "2"]).check(before: before)
    try manifest("memcached", ["version": "1.6", "nodes": "1"]).check(before: before)
    #expect(throws: DrydockError.self) {
      try manifest("memcached", ["version": "98", "nodes": "1"]).check(before: before)
    }
    #expect(throws: DrydockError.self) {
      try manifest("memcached", ["version": "99", "nodes": "0"]).check(before: before)
    }
  }

  @Test(
    "Changes that AWS could not make are refused",
    arguments: [
      ("postgres", ["storage": "20"], "storage cannot shrink from 50 to 20"),
      ("postgres", ["storage": "50", "encrypted": "true"], "without its data"),
      ("postgres", ["storage": "60"], nil), ("postgres", ["storage": "50", "durable": "true"], nil),
    ] as [(String, [String: String], String?)])
  func changes(type: String, options: [String: String], problem: String?) throws {
    var record = ResourceRecord(
      type: type, administratorPassword: "", wantedVersion: "12",
      options: try ResourceCatalog.builtIn.kind(type).defaults.merging(["storage": "50"]) { $1 })
    record.dataVersion = "12.1"
    guard let problem else { return try manifest(type, options).check(over: record) }
    let error = try #require(throws: DrydockError.self) { try manifest(type, options).check(over: record) }
    #expect(error.message.contains(problem), "\(error.message)")
  }

  private func manifest(_ type: String, _ options: [String: String]) -> CreatedManifest {
    CreatedManifest(
      name: "res-1", created: CreatedResource(type: type, parameters: options),
      context: DrydockContext(
        environment: [:], currentDirectory: "/",
        home: StateHome(root: "/nowhere", engines: "/nowhere", sockets: "/nowhere"), catalog: .builtIn))
  }
}
