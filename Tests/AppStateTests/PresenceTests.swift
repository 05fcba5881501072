import AppStateTestSupport
import Foundation
import Testing

@testable import AppState

/// Only what somebody saw to be gone is gone.
@Suite struct PresenceTests {
  private func isUnknown(_ path: String) -> Bool {
    if case .unknown = Presence(of: path) { true } else { false }
  }

  @Test func whatIsThereAndWhatIsGone() async throws {
    try await TestHome.with { test in
      try test.write("", to: "web/file")
      for path in ["web", "web/file", "web/../web"] {
        #expect(Presence(of: "\(test.path)/\(path)") == .there)
      }
      for path in ["no", "no/deeper/still", "web/file/below", "web/no"] {
        #expect(Presence(of: "\(test.path)/\(path)") == .gone, "\(path)")
      }
    }
  }

  @Test func aLinkThatLeadsNowhereSaysNothing() async throws {
    try await TestHome.with { test in
      let link = "\(test.path)/link"
      for target in ["\(test.path)/no", link] {
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        for path in [link, "\(link)/web", "\(link)/web/deeper"] { #expect(isUnknown(path), "\(path)") }
        try Folder.remove(link)
      }
      _ = try test.folder("disk")
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "\(test.path)/disk")
      #expect(Presence(of: "\(link)/web") == .gone)
      #expect(isUnknown("\(test.path)/\(String(repeating: "x", count: 300))"))
    }
  }

  @Test("A folder that may not be entered, or not be read, says nothing", arguments: [0o000, 0o100, 0o400])
  func aClosedParent(_ mode: Int) async throws {
    try await TestHome.with { test in
      let parent = try test.folder("parent")
      _ = try test.folder("parent/web")
      try #require(chmod(parent, mode_t(mode)) == 0)
      defer { chmod(parent, 0o700) }
      // root enters everything.
      guard geteuid() != 0 else { return #expect(Presence(of: "\(parent)/web") == .there) }
      #expect(isUnknown("\(parent)/no"))
      #expect(mode == 0o100 ? Presence(of: "\(parent)/web") == .there : isUnknown("\(parent)/web"))
    }
  }
}
