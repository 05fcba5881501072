import AppStateTestSupport
import ConvoxManifest
import Foundation
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Resources

/// A repository that somebody else wrote brings a `.drydock` of its own.
@Suite struct OwnFilesTests {
  private static let manifest = Manifest(
    file: "convox.yml",
    services: ["web", "worker"].map {
      Service(name: $0, location: SourceLocation(file: "convox.yml", line: 1, column: 1))
    })

  private func files(_ test: TestHome, _ folder: AppFolder) -> EnvironmentFiles {
    EnvironmentFiles(
      folder: folder, context: test.context, state: state(path: folder.path), manifest: Self.manifest,
      specs: [],
      appEnvironment: [:],
      links: [])
  }

  private func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: name, withDestinationPath: target)
  }

  @Test(arguments: ["web.env", "all.env", ".gitignore", "id"])
  func aLinkInItIsNamedAndNotFollowed(_ name: String) async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      try test.write("precious\n", to: "bashrc")
      _ = try test.folder("web/.drydock")
      try link("\(folder.drydock)/\(name)", to: "\(test.path)/bashrc")
      let error = try await emulatorError {
        _ = try test.directory.existing(in: folder)
        try EnvironmentFiles.refuseForeign(in: folder, of: Self.manifest)
      }
      #expect(error.code == .cannotWrite)
      #expect(error.message.contains("\(folder.drydock)/\(name)") && error.message.contains("symbolic link"))
      #expect(error.suggestion?.contains("move") == true)
      if name != "id" { #expect(throws: DrydockError.self) { try files(test, folder).write() } }
      try EnvironmentFiles.remove(from: folder, home: test.home) { _ in }
      #expect(test.text("bashrc") == "precious\n")
    }
  }

  @Test func aFolderThatIsALinkIsRefusedAndWhatItLeadsToStays() async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      try test.write("SERVICE=web\n", to: "others/web.env")
      try link(folder.drydock, to: "\(test.path)/others")
      let error = try await emulatorError { _ = try test.directory.open(folder, app: nil) }
      #expect(error.message.contains(folder.drydock) && error.message.contains("symbolic link"))
      #expect(throws: DrydockError.self) { try files(test, folder).write() }
      var told: [String] = []
      try EnvironmentFiles.remove(from: folder, home: test.home) { told.append($0) }
      #expect(told.count == 1)
      #expect(test.text("others/web.env") == "SERVICE=web\n")
    }
  }

  @Test func onlyWhatDrydockWroteIsRemoved() async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      #expect(try files(test, folder).write().isEmpty)
      try test.write("SERVICE=old\n", to: "web/.drydock/old.env")
      for name in ["mine.env", "notes.txt"] { try test.write("SERVICE=web\n", to: "web/.drydock/\(name)") }
      // The file of a service that is gone is no longer true.
      _ = try files(test, folder).write()
      #expect(test.text("web/.drydock/old.env") == nil)
      try EnvironmentFiles.remove(from: folder, home: test.home) { _ in }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.drydock).sorted()
      #expect(left == [".gitignore", "mine.env", "notes.txt"])
    }
  }

  @Test(.timeLimit(.minutes(1))) func aPipeInPlaceOfANameOrAnIdHangsNothing() async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      for name in [".convox", ".drydock"] { _ = try test.folder("web/\(name)") }
      #expect(mkfifo("\(folder.path)/.convox/app", 0o600) == 0)
      #expect(mkfifo("\(folder.drydock)/id", 0o600) == 0)
      #expect(folder.appName == "web")
      #expect(folder.id == nil)
      let error = try await emulatorError { _ = try test.directory.existing(in: folder) }
      #expect(error.message.contains("named pipe"))
    }
  }

  @Test(arguments: [
    "\u{1B}]0;title\u{7}", "a\nERROR: b", "\u{202E}gro.elpmaxe", String(repeating: "x", count: 300),
  ])
  func aNameWithMoreThanLettersIsMadePlain(_ name: String) async throws {
    try await TestHome.with { test in
      try test.write(name, to: "web/.convox/app")
      let plain = try test.app("web").appName
      #expect(
        plain.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") } && plain.count <= 48)
    }
  }

  @Test func aNameIsNotReadThroughALink() async throws {
    try await TestHome.with { test in
      let folder = try test.app("web")
      try test.write("secret", to: "secrets/app")
      try link("\(folder.path)/.convox", to: "\(test.path)/secrets")
      #expect(folder.appName == "web")
    }
  }
}
