import AppStateTestSupport
import ConvoxManifest
import Engines
import Foundation
import Testing

@testable import AppState
@testable import DrydockBase
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
}
