import AppStateTestSupport
import ConvoxManifest
import Engines
import Foundation
import ServersTestSupport
import Synchronization
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Resources

@Suite struct AppEnvironmentOperationTests {
  /// An app whose env files were written, and what changes of its app env tell.
  private struct App {
    static let yaml = """
      services:
        web:
          environment: [SECRET=none, "REGION=${ZONE}"]
      """

    let test: TestHome
    let id: String
    let told = Told()

    final class Told: Sendable {
      private let lines = Mutex<[String]>([])
      var all: [String] { lines.withLock { $0 } }
      func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    static func with(_ body: (App) async throws -> Void) async throws {
      try await TestHome.with { test in
        try test.write(yaml, to: "web/convox.yml")
        let state = try test.directory.open(AppFolder("\(test.path)/web"), app: nil)
        let files = EnvironmentFiles(
          folder: AppFolder(state.path), context: test.context, state: state, manifest: try manifest(yaml),
          specs: [], appEnvironment: [:], links: [])
        _ = try files.write()
        try await body(App(test: test, id: state.id))
      }
    }

    var web: String { test.text("web/.drydock/web.env") ?? "" }
    var environment: [String: String] { get throws { try test.store.load(id)?.appEnvironment ?? [:] } }

    func operation(rack: String? = nil) throws -> AppEnvironmentOperation {
      let told = self.told
      let context = DrydockContext(
        environment: [:], currentDirectory: "\(test.path)/web", home: test.home, catalog: .builtIn)
      return AppEnvironmentOperation(
        context: context, instance: try #require(try test.store.load(id)),
        workspace: try Workspace.find(in: "\(test.path)/web"), rack: rack, notice: { told.add($0) })
    }
  }

  @Test func theEnvFilesFollow() async throws {
    try await App.with { app in
      #expect(app.web.contains("SECRET=none\n"))
      try await app.operation().set(["SECRET": "s3cret"])
      #expect(app.web.contains("SECRET=s3cret\n"))
      try await app.operation().change { $0["SECRET"] = nil }
      #expect(app.web.contains("SECRET=none\n"))
      try await app.operation(rack: "acme/production").set(["SECRET": "far"])
      #expect(app.web.contains("SECRET=none\n"))
      #expect(app.told.all.isEmpty)
    }
  }

  @Test func whatNobodyDeclaresIsTold() async throws {
    try await App.with { app in
      try await app.operation().set(["ZONE": "a", "SECRETS": "x", "OTHER": "y"])
      #expect(app.told.all.count == 2)
      #expect(app.told.all[0].contains("OTHER") && !app.told.all[0].contains("mean"))
      #expect(app.told.all[1].contains("SECRETS") && app.told.all[1].contains("did you mean SECRET?"))
      #expect(try app.environment.count == 3)
    }
  }

  @Test(arguments: [["1A": "x"], ["A": "1", "B": "\0"]])
  func whatIsImpossibleChangesNothing(values: [String: String]) async throws {
    try await App.with { app in
      let error = try await emulatorError { try await app.operation().set(values) }
      #expect(error.code == .usage)
      #expect(try app.environment.isEmpty)
    }
  }

  @Test func whatWasSetOverTheRackIsNotLost() async throws {
    try await App.with { app in
      _ = try await app.test.store.createRelease(app.id, environment: ["SECRET": "1"], description: "")
      try await app.operation().set(["ZONE": "2"])
      #expect(try app.environment == ["SECRET": "1", "ZONE": "2"])
      #expect(app.told.all.count == 1 && app.told.all[0].contains("SECRET"))
      // What is taken back then does not return with the next change.
      _ = try await app.test.store.createRelease(
        app.id, environment: ["SECRET": "3", "ZONE": "2"], description: "")
      try await app.operation().change { $0["SECRET"] = "1" }
      try await app.operation().set(["ZONE": "4"])
      #expect(try app.environment == ["SECRET": "1", "ZONE": "4"])
      let history = try await app.test.store.releases(of: app.id)
      #expect(history.active == history.releases.first?.id)
    }
  }

  @Test func aManifestThatTheValueMakesWrongIsTold() async throws {
    try await App.with { app in
      try app.test.write(
        "resources:\n  db: { type: ${SECRET} }\nservices:\n  web: {}\n", to: "web/convox.yml")
      try await app.operation().set(["SECRET": "oracle"])
      #expect(try app.environment == ["SECRET": "oracle"])
      #expect(app.told.all.count == 1 && app.told.all[0].contains("convox.yml:2"))
    }
  }
}
