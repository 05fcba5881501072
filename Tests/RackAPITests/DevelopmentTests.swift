import DrydockTestSupport
import Emulator
import Foundation
import MonotonicTime
import Testing

@testable import AppState
@testable import LocalServer
@testable import RackAPI
@testable import Services

/// What `convox start` brought up, with services that run under a supervisor in this process.
@Suite struct DevelopmentTests {
  private static let manifest = """
    services:
      web: { command: exec sleep 1000 }
      other: { command: exec sleep 1000 }
    """
  /// Longer than any of these tests.
  private static let long = Duration.seconds(3600)
  private static let short = Duration.milliseconds(50)

  /// An app in a home of its own.
  private struct Shop: Sendable {
    let context: DrydockContext
    let state: InstanceState

    var supervisor: SupervisorProcess { SupervisorProcess(context: context, id: state.id) }
    private var store: ServiceStore { ServiceStore(supervisor.folder) }

    func develop(_ names: Set<String>) async throws { try await store.update { $0.develop(names) } }

    var developed: Set<String> { get throws { try store.load().developed } }

    /// The services that run, in order.
    func running() async throws -> [String] {
      let status = try await supervisor.client.ask(ControlRequest(.status), until: .after(.seconds(60)))
      return (status ?? []).map(\.service).sorted()
    }

    /// Runs `body` while services are supervised, which all end with it.
    func serving(_ services: [String] = [], _ body: @Sendable @escaping () async throws -> Void) async throws
    {
      var wishes = SupervisorProcess.Wishes(workspace: try #require(try Workspace.present(in: state.path)))
      wishes.services = services
      wishes.options.runtime = .native
      let (ready, go) = AsyncStream.makeStream(of: Void.self)
      try await withThrowingTaskGroup(of: Void.self) { [wishes] group in
        group.addTask {
          defer { go.finish() }
          _ = try await supervisor.serve(wishes) { _ in
          } ready: {
            go.yield()
          }
        }
        for await _ in ready { break }
        try await body()
        group.cancelAll()
        try await group.waitForAll()
      }
    }

    /// Serves a rack that gives log streams up after `patience`.
    func rack(_ patience: Duration, _ body: @Sendable @escaping (Rack, Int) async throws -> Void) async throws
    {
      let rack = Rack(context: context, log: .silent, patience: patience)
      await rack.recover()
      try await withServer(rack.server(password: password)) { port in try await body(rack, port) }
    }

    /// Runs `body` while a log stream of `convox start` is open.
    func following(_ rack: Rack, _ port: Int, _ body: @Sendable @escaping () async throws -> Void)
      async throws
    {
      let request = upgrade("/apps/shop/logs", port: port, ["Prefix: true", "Since: 1s"])
      try await Wire.connect(port: port) { wire in
        try await wire.send(request)
        try #require(try await wire.response()?.status == 101)
        try await eventually("it is noted") { !rack.developments.isAbandoned(state.id, since: 0) }
        try await body()
      }
    }
  }

  private func withShop(_ body: (Shop) async throws -> Void) async throws {
    try await withContext { context in
      let state = try await context.directory.create(app: "shop", until: .after(.seconds(30)))
      try Self.manifest.write(toFile: "\(state.path)/convox.yml", atomically: true, encoding: .utf8)
      try await body(Shop(context: context, state: state))
    }
  }

  @Test func `what a killed tool started is stopped, and nothing else`() async throws {
    try await withShop { shop in
      try await shop.serving {
        try await shop.rack(Self.short) { rack, port in
          try await shop.following(rack, port) {
            try await shop.develop(["web"])
            #expect(try await shop.running() == ["other", "web"])
          }
          try await eventually("its end") { try await shop.running() == ["other"] }
          try await eventually("nothing is owed") { try shop.developed.isEmpty }
        }
      }
    }
  }

  @Test func `the end of one tool stops nothing while another one looks on`() async throws {
    try await withShop { shop in
      try await shop.serving {
        try await shop.rack(Self.long) { rack, port in
          try await shop.following(rack, port) {
            try await shop.following(rack, port) {
              try await shop.develop(["web"])
              try await rack.endDevelopment(shop.state, until: .after(.seconds(60)))
              #expect(try await shop.running() == ["other", "web"])
            }
            // The stream's end is noted in its own time.
            try await eventually("its end") {
              try await rack.endDevelopment(shop.state, until: .after(.seconds(60)))
              return try await shop.running() == ["other"]
            }
          }
        }
      }
    }
  }

  @Test func `a rack that was started anew stops what the tool brought up when the tool ends`() async throws {
    try await withShop { shop in
      try await shop.serving {
        try await shop.develop(["web"])
        try await shop.rack(Self.long) { _, _ in }
        #expect(try await shop.running() == ["other", "web"])
        try await shop.rack(Self.long) { _, port in
          struct Release: Decodable { var id: String }
          let made: Release = try await exchange(
            "POST", "/apps/shop/releases", port: port, form: [("env", "A=1")]
          ).decode()
          let ended = try await exchange(
            "POST", "/apps/shop/releases/\(made.id)/promote", port: port,
            form: [("development", "false"), ("force", "true")])
          #expect(ended.text == "ok\n")
          #expect(try await shop.running() == ["other"])
        }
      }
    }
  }

  @Test func `a rack that was started anew stops what a tool brought up that is gone by then`() async throws {
    try await withShop { shop in
      try await shop.serving {
        try await shop.develop(["web", "other"])
        try await shop.rack(Self.short) { _, _ in
          try await eventually("the supervisor's end") { try await !shop.supervisor.isRunning() }
        }
        #expect(try shop.developed.isEmpty)
      }
    }
  }

  @Test func `what somebody else starts anew is the tool's no more`() async throws {
    try await withShop { shop in
      try await shop.develop(["web"])
      try await shop.serving(["web"]) {
        #expect(try shop.developed.isEmpty)
        try await shop.develop(["web", "other"])
        _ = try await shop.supervisor.client.ask(
          ControlRequest(.add, services: ["other", "web"]), until: .after(.seconds(30)))
        // It went on.
        #expect(try shop.developed == ["web"])
      }
    }
  }
}
