import DrydockBase
import Engines
import Foundation
import Testing

@testable import AppState
@testable import Emulator
@testable import RackAPI
@testable import Resources

/// root in the home of another user (`sudo -E drydock rack env`).
@Suite struct ForeignHomeTests {
  @Test func noPasswordIsMadeThere() async throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "drydock-unit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: root) }
    let home = StateHome(
      root: root.path(percentEncoded: false), engines: "/none", sockets: "/none",
      owner: HomeOwner(user: 4711, name: "ada", isCaller: true))
    let context = DrydockContext(environment: [:], currentDirectory: "/", home: home, catalog: .builtIn)
    let error = try await #require(throws: DrydockError.self) {
      _ = try await RackProcess(context: context).variables()
    }
    #expect(error.code == .cannotWrite && error.message.contains("ada (uid 4711)"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: home.root).isEmpty)
  }
}
