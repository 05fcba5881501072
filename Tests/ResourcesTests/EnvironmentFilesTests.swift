import AppStateTestSupport
import ConvoxEnvironment
import ConvoxManifest
import Engines
import Foundation
import ServersTestSupport
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Resources

@Suite struct EnvironmentFilesTests {
  private static let yaml = """
    resources:
      mydb: { type: postgres }
    services:
      web:
        environment: [MODE=dev]
        resources: [mydb]
      worker: {}
    """

  private func files(
    _ test: TestHome, _ text: String = yaml, _ environment: [String: String] = [:],
    home: StateHome? = nil
  ) throws -> EnvironmentFiles {
    var state = AppStateTestSupport.state(path: "\(test.path)/web")
    var record = ResourceRecord(
      type: "postgres", administratorPassword: "", wantedVersion: "12", options: [:])
    record.port = 15001
    state.resources["mydb"] = record
    var context = test.context
    context.home = home ?? context.home
    return EnvironmentFiles(
      folder: try test.app("web"), context: context, state: state,
      manifest: try manifest(text, environment),
      specs: try specs(text, environment), appEnvironment: environment, links: [])
  }

  @Test func oneAServiceAndOneForAll() async throws {
    try await TestHome.with { test in
      let warnings = try files(test).write()
      #expect(warnings.isEmpty)
      let web = try #require(test.text("web/.drydock/web.env"))
      let password = AppStateTestSupport.state().resourcePassword
      #expect(web.contains("MYDB_URL=postgres://app:\(password)@127.0.0.1:15001/app\n"))
      #expect(web.contains("MODE=dev\n") && web.contains("APP=web\n") && web.contains("SERVICE=web\n"))
      let all = try #require(test.text("web/.drydock/all.env"))
      #expect(all.contains("MYDB_PORT=15001\n") && !all.contains("MODE"))
      let worker = try #require(test.text("web/.drydock/worker.env"))
      #expect(!worker.contains("MYDB"))
      for name in ["web", "all", "worker"] { #expect(test.mode("web/.drydock/\(name).env") == 0o600) }
      #expect(test.text("web/.drydock/.gitignore") == "*\n")
    }
  }

  @Test func oneOddValueCostsNoFile() async throws {
    try await TestHome.with { test in
      let odd =
        "services:\n  web:\n    environment: [\"GREETING=hello world\", \"PRICE=it's $5\", MODE=dev]\n"
        + "  worker:\n    environment: [\"PRICE=it's $5\"]\n"
      let warnings = try files(test, odd).write()
      #expect(warnings.count == 1)
      let warning = try #require(warnings.first)
      #expect(
        warning.contains(".drydock/web.env, worker.env;") && warning.contains("PRICE")
          && !warning.contains("$5"))
      #expect(warning.contains("drydock env web --format shell") && !warning.contains("GREETING"))
      let web = try #require(test.text("web/.drydock/web.env"))
      #expect(web.contains("\nGREETING='hello world'\n") && web.contains("\nMODE=dev\n"))
      #expect(web.contains("# left out: PRICE ") && !web.contains("$5"))
    }
  }

  @Test func theSameBytesAreNotWrittenAgain() async throws {
    try await TestHome.with { test in
      func inodes() throws -> [ino_t] {
        try ["web", "all", "worker"].map { name in
          var info = stat()
          try #require(lstat("\(test.path)/web/.drydock/\(name).env", &info) == 0)
          return info.st_ino
        }
      }
      _ = try files(test).write()
      let before = try inodes()
      _ = try files(test).write()
      #expect(try inodes() == before)
    }
  }

  @Test func filesOfServicesThatAreGoneGoToo() async throws {
    try await TestHome.with { test in
      _ = try files(test).write()
      let folder = try test.app("web")
      try folder.write(FolderMark(id: "abc123def456"))
      _ = try files(test, "resources:\n  mydb: { type: postgres }\nservices:\n  web: {}\n").write()
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.drydock)
      #expect(names.sorted() == [".gitignore", "all.env", "home", "id", "web.env"])
      try EnvironmentFiles.remove(from: folder, home: test.home) { _ in }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.drydock).sorted() == [".gitignore", "id"])
      #expect(folder.id == "abc123def456")
    }
  }

  /// Two homes over one folder, as a dev container's and that of the machine.
  @Test func theFilesNameTheHomeThatWroteThem() async throws {
    try await TestHome.with { test in
      let other = StateHome(root: "\(test.path)/other", engines: "\(test.path)/e", sockets: "\(test.path)/s")
      #expect(try files(test).write().isEmpty)
      #expect(test.text("web/.drydock/home")?.contains(test.home.root) == true)
      try EnvironmentFiles.remove(from: try test.app("web"), home: other) { _ in }
      #expect(test.text("web/.drydock/web.env") != nil, "they are not the other's to remove")
      let warnings = try files(test, home: other).write()
      #expect(warnings.count == 1 && warnings[0].contains(test.home.root) && warnings[0].contains(other.root))
      #expect(try files(test, home: other).write().isEmpty)
      try EnvironmentFiles.remove(from: try test.app("web"), home: other) { _ in }
      #expect(test.text("web/.drydock/web.env") == nil && test.text("web/.drydock/home") == nil)
    }
  }

  @Test func aMissingVariableIsOnlyAWarning() async throws {
    try await TestHome.with { test in
      let text = "services:\n  web:\n    environment: [SECRET]\n  worker: {}\n"
      let warnings = try files(test, text).write()
      #expect(warnings.count == 1)
      #expect(
        warnings.first?.hasPrefix(".drydock/web.env is not written: convox.yml:3:19: required env: ") == true)
      #expect(warnings.first?.contains("SECRET") == true)
      #expect(test.text("web/.drydock/worker.env") != nil)
    }
  }

  /// Bug: what several services lack was told once for each of them.
  @Test func whatSeveralServicesLackIsToldOnce() async throws {
    try await TestHome.with { test in
      let missing = "environment: [SECRET]\nservices:\n  web:\n    environment: [TOKEN]\n  worker: {}\n"
      let warnings = try files(test, missing).write()
      #expect(warnings.count == 1)
      let start =
        ".drydock/web.env, worker.env are not written: convox.yml:1:15: required env: SECRET, TOKEN; "
      #expect(warnings.first?.hasPrefix(start) == true, "\(warnings)")
      let unstarted = "resources:\n  other: {type: redis}\nservices:\n  web: {resources: [other]}\n"
      let links = try files(test, unstarted + "  worker: {resources: [other]}\n").write()
      #expect(
        links == [
          ".drydock/web.env, worker.env are not written: services link resources that are not started: other; "
            + "start them first"
        ])
    }
  }

  /// What an earlier `up` wrote would pass for what is true now.
  @Test func whatCannotBeWrittenAnyMoreIsNotLeftStale() async throws {
    try await TestHome.with { test in
      let text = "services:\n  web:\n    environment: [SECRET]\n"
      let before = try files(test, text, ["SECRET": "old"]).write()
      #expect(before.isEmpty)
      #expect(test.text("web/.drydock/web.env")?.contains("SECRET=old") == true)
      let after = try files(test, text).write()
      #expect(after.count == 1)
      #expect(test.text("web/.drydock/web.env") == nil)
    }
  }

  @Test func aValueThatFitsNoFileIsNamed() async throws {
    try await TestHome.with { test in
      let text = "services:\n  web:\n    environment: [SECRET]\n"
      let warnings = try files(test, text, ["SECRET": "two\r\nlines"]).write()
      #expect(warnings.count == 1)
      #expect(warnings.first?.contains("SECRET") == true)
    }
  }

  @Test func aServiceCalledAllDoesNotHideTheResources() async throws {
    try await TestHome.with { test in
      let text = "resources:\n  mydb: { type: postgres }\nservices:\n  all: {}\n"
      let warnings = try files(test, text).write()
      #expect(test.text("web/.drydock/all.env")?.contains("MYDB_URL=") == true)
      #expect(warnings.count == 1)
      #expect(warnings.first?.contains("drydock env all") == true)
    }
  }
}
