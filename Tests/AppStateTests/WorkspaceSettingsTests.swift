import AppStateTestSupport
import ConvoxManifest
import Foundation
import Testing

@testable import AppState
@testable import DrydockBase

@Suite("drydock.yml beside the manifest") struct WorkspaceSettingsTests {
  private let place = SourceLocation(file: "convox.yml", line: 1, column: 1)

  private func manifest(_ build: ServiceBuild? = nil, command: String? = nil) -> Manifest {
    var web = Service(name: "web", command: command, location: place)
    web.built = build
    return Manifest(file: "convox.yml", services: [web])
  }

  @Test("It may be absent, and is called as the manifest is") func reading() async throws {
    try await TestHome.with { test in
      try test.write("", to: "web/convox.yml")
      let workspace = try Workspace.find(manifest: "web/convox.yml", from: test.path)
      #expect(try workspace.settings(for: manifest()) == DrydockSettings())
      try test.write("services: {web: off}\n", to: "web/drydock.yml")
      #expect(try workspace.settings(for: manifest()).kinds == ["web": .off])
      try test.write("tyt: [web]\n", to: "web/drydock.yml")
      let error = #expect(throws: ManifestError.self) { try workspace.settings(for: manifest()) }
      #expect(error?.diagnostics.first?.text.hasPrefix("web/drydock.yml:1:1: unknown key `tyt`") == true)
      #expect(try workspace.startFindings(manifest()).map(\.severity) == [.error])
    }
  }

  @Test("A link, a folder and what is too long are refused") func refused() async throws {
    try await TestHome.with { test in
      try test.write("", to: "web/convox.yml")
      try test.write("tty: [web]\n", to: "elsewhere.yml")
      let workspace = try Workspace.find(manifest: nil, from: "\(test.path)/web")
      let path = "\(test.path)/web/drydock.yml"
      try FileManager.default.createSymbolicLink(
        atPath: path, withDestinationPath: "\(test.path)/elsewhere.yml")
      let link = try await emulatorError { _ = try workspace.settings(for: manifest()) }
      #expect(link.code == .notTrusted && link.message == "drydock.yml is a link, and is not followed")
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      let folder = try await emulatorError { _ = try workspace.settings(for: manifest()) }
      #expect(folder.code == .manifestMissing && folder.message.hasPrefix("cannot read drydock.yml"))
      try FileManager.default.removeItem(atPath: path)
      try test.write(String(repeating: "#", count: DrydockSettings.sizeLimit + 1), to: "web/drydock.yml")
      #expect(
        try await emulatorError { _ = try workspace.settings(for: manifest()) }.code == .manifestMissing)
    }
  }

  @Test("Another user's is not taken", .enabled(if: geteuid() == 0)) func stranger() async throws {
    try await TestHome.with { test in
      try test.write("", to: "web/convox.yml")
      try test.write("tty: [web]\n", to: "web/drydock.yml")
      let workspace = try Workspace.find(manifest: nil, from: "\(test.path)/web")
      chown("\(test.path)/web/drydock.yml", 65_534, 65_534)
      let error = try await emulatorError { _ = try workspace.settings(for: manifest()) }
      #expect(error.code == .notTrusted && error.message.contains("holds commands"))
    }
  }

  @Test("A Dockerfile that is not there is said, where its folder is") func dockerfile() async throws {
    try await TestHome.with { test in
      try test.write("", to: "web/convox.yml")
      try test.write("FROM scratch\n", to: "web/api/Dockerfile.api")
      let workspace = try Workspace.find(manifest: nil, from: "\(test.path)/web")
      func found(_ path: String, _ file: String) throws -> [String] {
        try workspace.startFindings(manifest(ServiceBuild(path: path, manifest: file))).map(\.message)
      }
      #expect(try found("api", "Dockerfile.api") == [])
      #expect(try found("none", "Dockerfile") == [])
      #expect(
        try found("api", "Dockerfile")
          == ["service web is built by api/Dockerfile, which is not there: a build would fail"])
      #expect(
        try found(".", "Dockerfile")
          == ["service web is built by Dockerfile, which is not there: a build would fail"])
    }
  }
}
