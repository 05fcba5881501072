import ConvoxEnvironment
import DrydockTestSupport
import Foundation
import MonotonicTime
import Synchronization
import Testing

@testable import AppState
@testable import TestInstances

@Suite("A test run's databases on servers that go on")
struct SharedRunTests {
  private static var home: StateHome {
    let root = "/tmp/drydock-shared-\(UUID().uuidString.prefix(8))"
    return StateHome(root: root, engines: "\(root)/engines", sockets: "\(root)/sockets")
  }

  private func server(_ copies: NamedCopies) -> SQLServer {
    SQLServer(
      copies: copies, endpoint: ResourceEndpoint(resource: "mydb", shape: .database(scheme: "postgres")),
      needsTLS: false)
  }

  @Test("Only what begins with the name of a run that is written down is dropped")
  func dropped() async throws {
    let home = Self.home
    defer { try? Folder.remove(home.root) }
    let copies = NamedCopies()
    let run = try await SharedRun.begin(home, "i", until: .after(.seconds(30)))
    let others: Set = ["app", "drydock_test_abcdefghijkl", "\(run.database)x", "x\(run.database)"]
    let own = [run.database, "\(run.database)_copy_h_1", "\(run.database)_template_h"]
    copies.state.withLock { $0.databases = others.union(own) }
    try await SharedRun.clear(run.database, [server(copies)], until: .after(.seconds(30)))
    #expect(copies.databases == others)
    #expect(SharedRun.left(home, "i").isEmpty, "it is held")
    try run.end()
    #expect(SharedRun.left(home, "i").isEmpty)
  }

  @Test("A run whose process is gone is found and taken over once; another folder there is none")
  func left() async throws {
    let home = Self.home
    defer { try? Folder.remove(home.root) }
    func abandon() async throws -> String {
      try await SharedRun.begin(home, "i", until: .after(.seconds(30))).database
    }
    let database = try await abandon()
    try Folder.make("\(home.instance("i"))/test-runs/no", mode: 0o700)
    try Folder.make("\(home.instance("i"))/test-runs/UPPER-CASE!_", mode: 0o700)
    let left = SharedRun.left(home, "i")
    #expect(left.map(SharedRun.database) == [database])
    let name = try #require(left.first)
    guard let taken = SharedRun.takeOver(name, home, "i") else { throw FixtureError("it is not to be had") }
    if SharedRun.takeOver(name, home, "i") != nil { Issue.record("two have it") }
    #expect(SharedRun.left(home, "i").isEmpty)
    try taken.end()
  }

  @Test(
    "No name is cut, whatever the hash", arguments: ["", "h", String(repeating: "a", count: 64), "a b/ü"])
  func names(_ hash: String) {
    let shared = PoolNames(
      template: "drydock_test_abcdefghijkl_template_", copy: "drydock_test_abcdefghijkl_copy_",
      longestHash: 20)
    for names in [PoolNames(), shared] {
      let template = names.template(hash, number: 999)
      #expect(template.name.utf8.count <= 63)
      #expect((template.prefix + "999999").utf8.count <= 63)
      #expect(template.name.hasPrefix(names.template) && template.prefix.hasPrefix(names.copy))
    }
  }
}
