import AppStateTestSupport
import ConvoxManifest
import Engines
import Foundation
import Testing

@testable import AppState
@testable import DrydockBase

/// Whoever walks up from a folder comes to an end, also once the current folder was removed.
@Suite struct GoneFolderTests {
  @Test(arguments: [
    ("/a/b", ["/a/b", "/a", "/"]), ("/", ["/"]), ("//a//b/", ["/a/b", "/a", "/"]), ("", []),
    ("a/b", ["a/b", "a"]), ("../..", ["../..", ".."]),
    ("/a\u{301}/\u{301}b", ["/a\u{301}/\u{301}b", "/a\u{301}", "/"]),
  ])
  func theWayUpIsFinite(_ path: String, _ folders: [String]) {
    #expect(Folder.upward(from: path) == folders)
  }

  @Test func withoutACurrentFolderOnlyAbsolutePathsMeanAnything() async throws {
    try await TestHome.with { test in
      try test.write("", to: "web/convox.yml")
      let manifest = "\(test.path)/web/convox.yml"
      for named in [nil, "convox.yml", "."] {
        let error = try await emulatorError { _ = try Workspace.find(manifest: named, from: "") }
        #expect(error.code == .manifestMissing && error.message == "the current folder is gone")
      }
      let found = try Workspace.find(manifest: manifest, from: "")
      #expect(found.manifestPath == manifest && found.displayName == manifest)
      #expect(try Workspace.find(in: "\(test.path)/web", from: "").manifestPath == manifest)
      let context = DrydockContext(environment: [:], currentDirectory: "", home: test.home, catalog: .builtIn)
      let error = try await emulatorError { _ = try context.presentDirectory() }
      #expect(error.code == .manifestMissing)
    }
  }
}
