import Foundation
import Testing

@testable import AppState
@testable import Engines

@Suite("The environment of a drydock in another folder")
struct EnvironmentElsewhereTests {
  /// Bug: the rack and the supervisor had their home named where the caller had named none, and so a cache of their own.
  @Test(
    "It has the caller's home and cache",
    arguments: [
      ["HOME": "/home/ann"], ["HOME": "/home/ann", "XDG_CACHE_HOME": "/var/tmp/ann"],
      ["HOME": "/home/ann", "XDG_STATE_HOME": "/srv/ann"], ["HOME": "/home/ann", "DRYDOCK_HOME": ""],
      ["HOME": "/home/ann", "DRYDOCK_HOME": "/srv/drydock"],
    ])
  func found(environment: [String: String]) {
    let context = DrydockContext(
      environment: environment, currentDirectory: "/srv", catalog: .builtIn)
    #expect(StateHome(environment: context.environmentElsewhere) == context.home)
  }

  @Test("A home named from the caller's folder is named in full, and so is one that no variable names")
  func named() {
    let here = FileManager.default.currentDirectoryPath
    let relative = DrydockContext(
      environment: ["HOME": "/home/ann", "DRYDOCK_HOME": "state"], currentDirectory: here,
      catalog: .builtIn)
    #expect(relative.environmentElsewhere["DRYDOCK_HOME"] == "\(here)/state")
    let other = StateHome(root: "/srv/other", engines: "/srv/other/engines", sockets: "/tmp/other")
    let given = DrydockContext(
      environment: ["HOME": "/home/ann"], currentDirectory: here, home: other, catalog: .builtIn)
    #expect(given.environmentElsewhere["DRYDOCK_HOME"] == "/srv/other")
  }
}
