import AppStateTestSupport
import Engines
import Foundation
import Testing

@testable import AppState
@testable import DrydockBase

/// A convox.yml that nobody named may be another user's, or lead to another file.
@Suite struct ManifestOriginTests {
  private func find(_ test: TestHome, from folder: String, _ environment: [String: String] = [:]) throws {
    _ = try Workspace.find(manifest: nil, from: "\(test.path)/\(folder)", environment: environment)
  }

  /// Users whom nobody on this machine is.
  private static let (mallory, alice): (uid_t, uid_t) = (64_001, 64_002)

  @Test(
    .enabled(if: geteuid() == 0, "only root can give files away"),
    arguments: ["file", "link", "folder"])
  func anotherUsersManifestIsRefused(_ what: String) async throws {
    try await TestHome.with { test in
      try test.write("", to: "shared/real.yml")
      let manifest = "\(test.path)/shared/convox.yml"
      if what == "link" {
        try FileManager.default.createSymbolicLink(atPath: manifest, withDestinationPath: "real.yml")
      } else {
        try test.write("", to: "shared/convox.yml")
      }
      _ = try test.folder("shared/mine")
      try find(test, from: "shared/mine")
      #expect(lchown(what == "folder" ? "\(test.path)/shared" : manifest, Self.mallory, 0) == 0)
      let error = try await emulatorError { try find(test, from: "shared/mine") }
      #expect(error.code == .notTrusted)
      #expect(error.message.contains("belongs to user \(Self.mallory)") && error.message.contains("/shared"))
      #expect(error.suggestion?.contains("--manifest \(manifest)") == true)
      _ = try Workspace.find(manifest: "../convox.yml", from: "\(test.path)/shared/mine")
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
  func rootWorksForWhomeverItWasCalledBy() async throws {
    try await TestHome.with { test in
      try test.write("", to: "checkout/convox.yml")
      _ = try test.folder("checkout/sub")
      for name in ["checkout", "checkout/convox.yml"] {
        #expect(chown("\(test.path)/\(name)", Self.alice, 0) == 0)
      }
      // A build machine's checkout: the current folder has the same owner.
      try find(test, from: "checkout")
      #expect(throws: DrydockError.self) { try find(test, from: "checkout/sub") }
      try find(test, from: "checkout/sub", ["SUDO_UID": "\(Self.alice)"])
      #expect(throws: DrydockError.self) {
        try find(test, from: "checkout/sub", ["SUDO_UID": "\(Self.mallory)"])
      }
    }
  }

  @Test(
    .enabled(if: geteuid() == 0, "only root can give files away"),
    arguments: [(0o777, false), (0o1777, true), (0o755, true)])
  func aFolderOfEverybodysSaysNothingOfAFile(_ mode: Int, _ isTaken: Bool) async throws {
    try await TestHome.with { test in
      try test.write("", to: "shared/convox.yml")
      _ = try test.folder("shared/mine")
      for name in ["shared", "shared/mine"] { #expect(chown("\(test.path)/\(name)", Self.alice, 0) == 0) }
      #expect(chmod("\(test.path)/shared", mode_t(mode)) == 0)
      let found = Result { try find(test, from: "shared/mine") }
      #expect(((try? found.get()) != nil) == isTaken)
      try find(test, from: "shared")
    }
  }

  @Test(arguments: [
    ("real.yml", true), ("../common/real.yml", true), ("../../outside", false), ("../.git/config", false),
  ])
  func aLinkStaysInTheRepository(_ target: String, _ isTaken: Bool) async throws {
    try await TestHome.with { test in
      for file in ["repo/web/real.yml", "repo/common/real.yml", "outside", "repo/.git/config"] {
        try test.write("", to: file)
      }
      try FileManager.default.createSymbolicLink(
        atPath: "\(test.path)/repo/web/convox.yml", withDestinationPath: target)
      #expect(((try? find(test, from: "repo/web")) != nil) == isTaken)
      #expect(((try? Workspace.find(in: "\(test.path)/repo/web")) != nil) == isTaken)
      _ = try Workspace.find(manifest: "convox.yml", from: "\(test.path)/repo/web")
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["pipe", "endless", "huge"])
  func aManifestThatIsNoFileEndsSoon(_ kind: String) async throws {
    try await TestHome.with { test in
      let path = "\(try test.folder("web"))/convox.yml"
      switch kind {
      case "pipe": #expect(mkfifo(path, 0o600) == 0)
      case "endless":
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
      default:
        try test.write("", to: "web/convox.yml")
        #expect(truncate(path, 1 << 40) == 0)
      }
      let named = kind == "endless" ? "convox.yml" : nil
      #expect(throws: (any Error).self) {
        try Workspace.find(manifest: named, from: "\(test.path)/web").load(
          appEnvironment: [:], catalog: .builtIn)
      }
    }
  }

  @Test func aFolderIsTakenForItsManifest() async throws {
    try await TestHome.with { test in
      try test.write("", to: "shop/convox.yml")
      _ = try test.folder("empty")
      for name in ["../shop", "../shop/"] {
        let found = try Workspace.find(manifest: name, from: "\(test.path)/empty")
        #expect(found.folder == AppFolder("\(test.path)/shop") && found.displayName == "../shop/convox.yml")
      }
      let error = try await emulatorError {
        _ = try Workspace.find(manifest: ".", from: "\(test.path)/empty")
      }
      #expect(error.code == .manifestMissing && error.suggestion?.contains("remove") == false)
    }
  }
}
