import AppStateTestSupport
import Foundation
import Testing

@testable import AppState

@Suite struct ToldOnceTests {
  @Test func linesAreNewOncePerChangeAndThing() async throws {
    try await TestHome.with { test in
      let told = ToldOnce(home: test.home, id: "abc123def456")
      _ = try test.folder("state/instances/abc123def456")
      #expect(told.isNew(["a", "b"], about: "one"))
      #expect(!told.isNew(["a", "b"], about: "one"))
      #expect(told.isNew(["a"], about: "one"))
      #expect(told.isNew(["a"], about: "two"))
      #expect(!told.isNew(["a"], about: "one") && !told.isNew(["a"], about: "two"))
      #expect(!told.isNew([], about: "three"))
      #expect(test.mode("state/instances/abc123def456/told") == 0o600)
      #expect(ToldOnce(home: test.home, id: "fed654cba321").isNew(["a"], about: "one"), "another instance's")
    }
  }

  @Test func whatCannotBeKeptIsSaidAgain() async throws {
    try await TestHome.with { test in
      _ = try test.folder("state/instances/abc123def456")
      let told = ToldOnce(home: test.home, id: "abc123def456")
      try test.write("no JSON", to: "state/instances/abc123def456/told")
      #expect(told.isNew(["a"], about: "one") && !told.isNew(["a"], about: "one"))
      // A folder in its place.
      try FileManager.default.removeItem(atPath: "\(test.path)/state/instances/abc123def456/told")
      _ = try test.folder("state/instances/abc123def456/told")
      #expect(told.isNew(["a"], about: "one") && told.isNew(["a"], about: "one"))
    }
  }

  @Test func aFileIsBounded() async throws {
    try await TestHome.with { test in
      _ = try test.folder("state/instances/abc123def456")
      let told = ToldOnce(home: test.home, id: "abc123def456")
      for number in 0..<200 { #expect(told.isNew(["a"], about: "\(number)")) }
      #expect(!told.isNew(["a"], about: "199"))
      #expect(test.text("state/instances/abc123def456/told").map { $0.utf8.count < 4096 } == true)
    }
  }
}
