import ConvoxManifest
import Engines
import Foundation
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Resources

@Suite("What can be created")
struct ResourceKindTests {
  @Test func everyType() {
    let names = ResourceCatalog.builtIn.kinds.map(\.name)
    #expect(names == ["postgres", "mysql", "mariadb", "redis", "valkey", "memcached", "efs", "syslog"])
  }

  @Test("Options have descriptions, and none refers to another resource")
  func options() {
    for kind in ResourceCatalog.builtIn.kinds {
      #expect(kind.parameters.allSatisfy { !$0.description.isEmpty }, "\(kind.name)")
      #expect(!kind.parameters.contains { $0.name == "readSourceDB" })
    }
  }

  @Test("As the Rack API has it")
  func json() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let parameter = ResourceParameter(name: "storage", default: "20", description: "GB")
    let text = String(decoding: try encoder.encode(parameter), as: UTF8.self)
    #expect(text == #"{"default":"20","description":"GB","name":"storage"}"#)
  }

  @Test func unknown() throws {
    let error = try #require(throws: DrydockError.self) { try ResourceCatalog.builtIn.kind("mysq") }
    #expect(error.message == "no such resource type: mysq")
    #expect(error.code == .failed)
    #expect(error.suggestion?.hasPrefix("did you mean mysql?") == true)
  }

  @Test(
    "Where a drain may lead",
    arguments: [
      ("tcp://logs.example.com:514", nil), ("udp://127.0.0.1:5514", nil), ("tcp+tls://h:65535", nil),
      ("tcp://[::1]:514/", nil), ("", "needs Url"), ("example.net", "no URL"), ("http://h:80", "not http"),
      ("TCP://h:1", "not TCP"), ("tcp://h", "no port"), ("tcp://h:", "no port"), ("tcp://:514", "no host"),
      ("tcp://", "no host"), ("tcp://h:0", "from 1 to 65535"), ("udp://h:65536", "from 1 to 65535"),
      ("tcp://h:514/path", "nothing else"), ("tcp://user@h:514", "nothing else"),
      ("tcp://h h:1", "nothing else"),
      ("tcp://h:99999999999999999999", "no port"),
    ] as [(String, String?)])
  func drain(url: String, problem: String?) {
    let found = SyslogDrain.problem(with: url)
    #expect((found == nil) == (problem == nil), "\(found ?? "")")
    #expect(problem.map { found?.contains($0) == true } ?? true, "\(found ?? "")")
  }

  @Test(
    "What a resource may be called",
    arguments: [
      ("main-db", true), ("a", true), ("x1-", true), ("1x", false), ("-x", false), ("Main", false),
      ("a_b", false), ("", false), ("a/b", false), ("..", false), ("é", false), ("a\n", false),
      (String(repeating: "a", count: 48), true), (String(repeating: "a", count: 49), false),
    ])
  func name(name: String, isTaken: Bool) {
    #expect(((try? ResourceName.check(name)) != nil) == isTaken)
  }

  @Test("A made name is of the type, and nobody's")
  func madeName() {
    // All of the names with four digits but one.
    let states = (1000...9999).filter { $0 != 4624 }.map { state("id\($0)", handle: "mysql-\($0)") }
    #expect(ResourceName.make("mysql", besides: states).hasPrefix("mysql-"))
    #expect(!states.map(\.handle).contains(ResourceName.make("mysql", besides: states)))
  }

  @Test(
    "Options that are refused, in the words of a command",
    arguments: [
      ("postgres", ["stroage": "3"], "unknown option stroage", "storage"),
      ("postgres", ["storage": "much"], "storage takes a whole number", nil),
      ("mysql", ["readSourceDB": "#convox.resources.x"], "readSourceDB is for resources of one", "declare"),
      ("redis", ["durable": "true"], "needs two nodes", "nodes: 2"),
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
