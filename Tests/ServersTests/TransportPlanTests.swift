import ConvoxManifest
import Engines
import Foundation
import MonotonicTime
import Testing
import TransportSecurity

@testable import AppState
@testable import Planning
@testable import Servers

/// When TLS makes an `up` start a running server again.
@Suite("TLS in the plan")
struct TransportPlanTests {
  private static let start = Date(timeIntervalSince1970: 1_800_000_000)

  private func spec(_ type: String, encrypted: Bool = false) throws -> ResourceSpec {
    ResourceSpec(
      name: "it", engine: try #require(ResourceCatalog.builtIn.engine(type)), version: "",
      options: ["encrypted": encrypted ? "true" : "false"])
  }

  private func withPlan<Value>(_ body: (inout TransportPlan) async throws -> Value) async throws -> Value {
    let root = FileManager.default.temporaryDirectory.appending(path: "drydock-tp-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    let home = StateHome(root: root, engines: "\(root)/engines", sockets: "\(root)/sockets")
    let state = InstanceState(
      id: "abcdefgh", handle: "app", app: "app", path: "/app", resourcePassword: "first")
    var plan = TransportPlan(home: home, state: state, now: { Self.start })
    return try await body(&plan)
  }

  /// The plan as it is after an `up` with that resource.
  private func bringUp(_ plan: inout TransportPlan, _ spec: ResourceSpec) async throws {
    let setups = try await plan.prepare([spec], until: .after(.seconds(60)))
    var record = ResourceRecord(
      type: spec.type, administratorPassword: "", wantedVersion: "", options: spec.options)
    record.transport = setups[spec.name]?.record
    plan = TransportPlan(home: plan.home, state: plan.state.with(record), now: plan.now)
  }

  @Test(
    "A second up starts nothing again",
    arguments: [
      ("redis", false, TransportPolicy?.none), ("redis", true, .required), ("postgres", false, .optional),
      ("mysql", false, .optional), ("mariadb", true, .optional), ("memcached", false, nil),
      ("efs", true, nil),
    ])
  func steady(type: String, encrypted: Bool, policy: TransportPolicy?) async throws {
    try await withPlan { plan in
      let spec = try spec(type, encrypted: encrypted)
      try await bringUp(&plan, spec)
      #expect(plan.state.resources["it"]?.transport?.policy == policy)
      #expect(plan.restarts([spec]).isEmpty)
    }
  }

  @Test("Turning encryption on or off starts redis again", arguments: [true, false])
  func toggled(encrypted: Bool) async throws {
    try await withPlan { plan in
      try await bringUp(&plan, spec("redis", encrypted: !encrypted))
      let reason = plan.restarts([try spec("redis", encrypted: encrypted)])["it"]
      #expect(reason == (encrypted ? "TLS is on" : "TLS is off"))
    }
  }

  @Test("Encryption at rest changes nothing here")
  func atRest() async throws {
    try await withPlan { plan in
      try await bringUp(&plan, spec("postgres"))
      #expect(plan.restarts([try spec("postgres", encrypted: true)]).isEmpty)
    }
  }

  @Test("Forced TLS starts postgres again and nothing else", arguments: ["postgres", "mysql", "redis"])
  func forced(type: String) async throws {
    try await withPlan { plan in
      try await bringUp(&plan, spec(type))
      var state = plan.state
      state.forcesTLS = true
      plan = TransportPlan(home: plan.home, state: state, now: plan.now)
      let reason = plan.restarts([try spec(type)])["it"]
      #expect(reason == (type == "postgres" ? "refuses plain connections" : nil))
    }
  }

  @Test("A certificate about to expire starts the server again, with a new one")
  func expiring() async throws {
    try await withPlan { plan in
      let spec = try spec("redis", encrypted: true)
      try await bringUp(&plan, spec)
      let before = try #require(plan.state.resources["it"]?.transport)
      let later = Self.start + 370 * 86_400
      plan = TransportPlan(home: plan.home, state: plan.state, now: { later })
      #expect(plan.restarts([spec])["it"] == "its certificate expires soon")
      try await bringUp(&plan, spec)
      let after = try #require(plan.state.resources["it"]?.transport)
      #expect(after.expires > before.expires && after.authority == before.authority)
      #expect(plan.restarts([spec]).isEmpty)
    }
  }

  @Test("Another authority starts the servers again")
  func otherAuthority() async throws {
    try await withPlan { plan in
      let spec = try spec("mysql")
      try await bringUp(&plan, spec)
      try FileManager.default.removeItem(atPath: "\(plan.home.root)/ca/ca-key.pem")
      #expect(plan.restarts([spec])["it"] == "the certificate authority is another")
      try await bringUp(&plan, spec)
      #expect(plan.restarts([spec]).isEmpty)
    }
  }

  @Test("Another password starts an encrypted redis again; databases change it as they run")
  func password() async throws {
    for (type, reason) in [("redis", "its password changed"), ("postgres", nil)] as [(String, String?)] {
      try await withPlan { plan in
        let spec = try spec(type, encrypted: true)
        try await bringUp(&plan, spec)
        var state = plan.state
        state.resourcePassword = "second"
        plan = TransportPlan(home: plan.home, state: state, now: plan.now)
        #expect(plan.restarts([spec])["it"] == reason)
      }
    }
  }

  @Test(
    "A paused replica that is started again to go on keeps its TLS, forced or not", arguments: [false, true])
  func startedAgain(isForced: Bool) async throws {
    try await withPlan { plan in
      if isForced {
        var state = plan.state
        state.forcesTLS = true
        plan = TransportPlan(home: plan.home, state: state, now: plan.now)
      }
      try await bringUp(&plan, spec("postgres"))
      let record = try #require(plan.state.resources["it"])
      let engine = try #require(ResourceCatalog.builtIn.engine("postgres")?.server)
      let running = Launch.existing("it", record, engine, plan.state)
      let launch = try await plan.completed(running, until: .after(.seconds(60)))
      let installation = NativeInstallation(
        server: "/usr/bin/postgres", tools: [:], version: try #require(ServerVersion(in: "15.4")), banner: "")
      let recipe = engine.native(
        launch.request, installation, NativeFolders(folder: "/it", data: "/it/data", sockets: "/it/sockets"))
      #expect(recipe.serve.arguments.contains("ssl=on"))
      let access = try #require(recipe.files.first { $0.path.hasSuffix("pg_hba.conf") }).contents
      #expect(access.contains("\nhostssl all") == isForced)
      let key = try #require(recipe.files.first { $0.path.hasSuffix(".key") }).contents
      let kept = try await plan.prepare([launch.spec], until: .after(.seconds(60)))["it"]
      #expect(key == kept?.identity.privateKey)
    }
  }

  @Test("Planning makes no file")
  func pure() async throws {
    try await withPlan { plan in
      _ = plan.restarts([try spec("redis", encrypted: true)])
      #expect(!FileManager.default.fileExists(atPath: plan.home.root))
    }
  }

  @Test("State without a word of TLS is read, as older versions wrote it")
  func olderState() throws {
    let state = InstanceState(id: "abcdefgh", handle: "a", app: "a", path: "/a", resourcePassword: "p")
    let text = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
    #expect(!text.contains("forcesTLS"))
    #expect(try JSONDecoder().decode(InstanceState.self, from: Data(text.utf8)) == state)
  }
}

extension InstanceState {
  fileprivate func with(_ record: ResourceRecord) -> InstanceState {
    var state = self
    state.resources["it"] = record
    return state
  }
}
