import AppStateTestSupport
import Foundation
import Testing

@testable import AppState
@testable import DrydockBase

@Suite struct SlugTests {
  @Test(arguments: ["web", "my-db", "a1", "-", "0"])
  func leavesPlainNamesAsTheyAre(_ name: String) {
    #expect(Slug.make(name) == name)
  }

  @Test(arguments: [
    "My-App", "my_db", "é", "", "a b", "naïve", "x/y", "../..", "日本", "a\nb",
    String(repeating: "a", count: 49),
  ])
  func makesEverythingElseSafe(_ name: String) {
    let slug = Slug.make(name)
    #expect(slug != name)
    #expect(!slug.isEmpty && slug.count <= 48)
    #expect(slug.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-".contains($0) })
    #expect(Slug.make(name) == slug)
  }

  @Test(arguments: [("my_db", "my-db"), ("MyDB", "mydb"), ("a b", "a-b"), ("a_b", "a b"), ("Web", "wEb")])
  func keepsDifferentNamesApart(_ left: String, _ right: String) {
    #expect(Slug.make(left) != Slug.make(right))
  }

  @Test func staysWithinALimit() {
    let long = String(repeating: "resource", count: 40)
    #expect(Slug.make(long, limit: 20).count == 20)
    #expect(Slug.make(long + "1", limit: 20) != Slug.make(long + "2", limit: 20))
  }

  /// The published hash, so that names stay the same in every version of drydock.
  @Test func hashesAsFNVDoes() {
    #expect(fnv1a("") == 0xcbf2_9ce4_8422_2325)
    #expect(fnv1a("a") == 0xaf63_dc4c_8601_ec8c)
    #expect(fnv1a("foobar") == 0x8594_4171_f739_67e8)
  }
}

@Suite struct MarkerTests {
  @Test(arguments: ["mydb", "my_db", String(repeating: "long-name-", count: 20), "Ünïcode"])
  func fitsIntoEveryServersSetting(_ resource: String) {
    let marker = state().marker(of: resource)
    #expect(marker.count <= 60)
    #expect(marker.hasPrefix("drydock-abc123def456-"))
    #expect(marker.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-".contains($0) })
  }

  @Test func tellsResourcesAndInstancesApart() {
    let long = String(repeating: "x", count: 80)
    let markers = [
      state().marker(of: long + "1"), state().marker(of: long + "2"), state("zzz999").marker(of: long + "1"),
    ]
    #expect(Set(markers).count == 3)
  }
}

@Suite struct StateHomeTests {
  @Test(arguments: [
    (["DRYDOCK_HOME": "/x/y/"], "/x/y"), (["DRYDOCK_HOME": "/x/../y"], "/y"),
    (["DRYDOCK_HOME": "", "XDG_STATE_HOME": "/xdg", "HOME": "/home/u"], "/xdg/drydock"),
    (["HOME": "/home/u"], "/home/u/.local/state/drydock"),
    (["XDG_STATE_HOME": "", "HOME": "/home/u"], "/home/u/.local/state/drydock"),
    (["DRYDOCK_HOME": "/own", "XDG_STATE_HOME": "/xdg"], "/own"),
  ])
  func isNamedByTheEnvironment(_ environment: [String: String], _ root: String) {
    #if os(Linux)
      #expect(StateHome(environment: environment).root == root)
    #endif
  }

  @Test func enginesLieWhereTheirUserCanGo() async throws {
    try await TestHome.with { test in
      let open = try test.folder("open")
      let closed = try test.folder("closed")
      chmod(open, 0o711)
      chmod(closed, 0o700)
      let reachable = StateHome(environment: ["DRYDOCK_HOME": "\(open)/drydock"])
      #expect(reachable.engines == "\(open)/drydock/engines")
      let hidden = StateHome(environment: ["DRYDOCK_HOME": "\(closed)/drydock"])
      let expected = getuid() == 0 ? "/var/lib/drydock/" : "\(closed)/drydock/engines"
      #expect(hidden.engines.hasPrefix(expected))
      let other = StateHome(environment: ["DRYDOCK_HOME": "\(closed)/other"])
      #expect(other.engines != hidden.engines)
    }
  }

  @Test(arguments: [
    (["HOME": "/home/u"], "/home/u/.cache/drydock"),
    (["HOME": "/home/u", "XDG_CACHE_HOME": "/xdg"], "/xdg/drydock"),
    (["HOME": "/home/u", "XDG_CACHE_HOME": "not/absolute"], "/home/u/.cache/drydock"),
    (["DRYDOCK_HOME": "/own"], "/own/cache"),
    (["DRYDOCK_HOME": "/own", "XDG_CACHE_HOME": "/xdg"], "/xdg/drydock"),
  ])
  func whatCanBeMadeAgainIsApart(_ environment: [String: String], _ cache: String) {
    #if os(Linux)
      #expect(StateHome(environment: environment).cache == cache)
    #endif
  }

  @Test func rootsCacheLiesWhereTheEnginesUserCanGo() async throws {
    try await TestHome.with { test in
      let closed = try test.folder("closed")
      chmod(closed, 0o700)
      let hidden = StateHome(environment: ["XDG_CACHE_HOME": closed])
      #expect(hidden.cache.hasPrefix(getuid() == 0 ? "/var/cache/drydock/" : "\(closed)/drydock"))
    }
  }

  @Test func socketPathsStayShortEnough() {
    for depth in [1, 4, 40] {
      let root = String(repeating: "/folder", count: depth)
      let home = StateHome(root: root, engines: "\(root)/engines", sockets: "/tmp/drydock-0")
      let folder = home.socketFolder("mydb", of: "abc123def456")
      // The longest name of a socket in there is PostgreSQL's, with a lock file beside it.
      #expect("\(folder)/.s.PGSQL.29999.lock".utf8.count <= 103)
      #expect(folder != home.socketFolder("other", of: "abc123def456"))
      #expect(folder != home.socketFolder("mydb", of: "zzz999zzz999"))
    }
    let short = StateHome(root: "/s", engines: "/s/engines", sockets: "/tmp/x")
    #expect(short.socketFolder("db", of: "i") == "/s/engines/i/db/sockets")
  }

  @Test func foldersStayInsideWhateverAResourceIsCalled() {
    let home = StateHome(root: "/s", engines: "/s/engines", sockets: "/tmp/x")
    for name in ["../../etc", "/etc", ".", "a/b"] {
      let folder = home.resource(name, of: "id")
      #expect(folder.hasPrefix("/s/engines/id/"))
      #expect(!folder.dropFirst("/s/engines/id/".count).contains("/"))
      #expect(!folder.contains(".."))
    }
  }
}

@Suite struct StateStoreTests {
  @Test func loadsWhatWasSaved() async throws {
    try await TestHome.with { test in
      var state = state()
      state.runtime = .native
      state.appEnvironment = ["SECRET": "a/b \"c\"\n"]
      var record = ResourceRecord(
        type: "postgres", administratorPassword: "pw", wantedVersion: "15", options: ["storage": "20"])
      record.port = 15432
      record.dataVersion = "15.18"
      state.resources["mydb"] = record
      try test.store.save(state)
      #expect(try test.store.load(state.id) == state)
      #expect(test.mode("state/instances/\(state.id)") == 0o700)
      #expect(test.mode("state/instances/\(state.id)/state.json") == 0o600)
      #expect(test.text("state/instances/\(state.id)/state.json")?.contains("\"format\" : 1") == true)
    }
  }

  @Test func whatWasNeverSavedIsNothing() async throws {
    try await TestHome.with { test in
      let loaded = try test.store.load("none")
      #expect(loaded == nil)
      #expect(test.store.all().isEmpty)
    }
  }

  @Test func aNewerFormatIsLeftAlone() async throws {
    try await TestHome.with { test in
      try test.store.save(state())
      let name = "state/instances/abc123def456/state.json"
      let newer = try #require(test.text(name)).replacing("\"format\" : 1", with: "\"format\" : 99")
      try test.write(newer, to: name)
      let error = try await emulatorError { _ = try test.store.load("abc123def456") }
      #expect(error.code == .dataMismatch)
      #expect(error.message.contains("newer"))
      #expect(error.suggestion == "update drydock")
      #expect(test.text(name) == newer)
    }
  }

  @Test(arguments: ["", "{", "[]", "{\"format\":\"1\"}", "{\"format\":1}", "\0\0"])
  func aDamagedFileIsLeftAlone(_ content: String) async throws {
    try await TestHome.with { test in
      let name = "state/instances/abc/state.json"
      try test.write(content, to: name)
      let error = try await emulatorError { _ = try test.store.load("abc") }
      #expect(error.code == .dataMismatch)
      #expect(error.message.contains("\(test.path)/\(name) is damaged"))
      #expect(error.suggestion != nil)
      #expect(test.text(name) == content)
    }
  }

  @Test func listsByHandleAndPassesOverDamagedOnes() async throws {
    try await TestHome.with { test in
      try test.store.save(state("id1", handle: "zeta"))
      try test.store.save(state("id2", handle: "alpha"))
      try test.write("{", to: "state/instances/id3/state.json")
      #expect(test.store.all().map(\.handle) == ["alpha", "zeta"])
    }
  }

  @Test func savingTheSameWritesNothing() async throws {
    try await TestHome.with { test in
      try test.store.save(state())
      let name = "state/instances/abc123def456/state.json"
      func inode() -> ino_t {
        var info = stat()
        return lstat("\(test.path)/\(name)", &info) == 0 ? info.st_ino : 0
      }
      let before = inode()
      try test.store.save(state())
      #expect(inode() == before)
      try test.store.save(state(handle: "other"))
      #expect(inode() != before)
    }
  }

  @Test func aFolderThatCannotBeMadeIsNamed() async throws {
    try await TestHome.with { test in
      // A file in the place of the folder stops root as well.
      try test.write("", to: "state")
      let error = try await emulatorError { try test.store.save(state()) }
      #expect(error.code == .cannotWrite)
      #expect(error.message.contains("\(test.path)/state"))
      #expect(error.suggestion?.contains("DRYDOCK_HOME") == true)
    }
  }

  @Test func forgetsAnInstance() async throws {
    try await TestHome.with { test in
      try test.store.save(state())
      try test.store.delete("abc123def456")
      #expect(try test.store.load("abc123def456") == nil)
      try test.store.delete("abc123def456")
    }
  }

  @Test func changesUnderTheLock() async throws {
    try await TestHome.with { test in
      try test.store.save(state())
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<8 {
          group.addTask {
            try await test.store.update("abc123def456") { $0.appEnvironment["K\(number)"] = "v" }
          }
        }
        try await group.waitForAll()
      }
      #expect(try test.store.load("abc123def456")?.appEnvironment.count == 8)
      let error = try await emulatorError { try await test.store.update("gone") { _ in } }
      #expect(error.code == .failed)
    }
  }
}
