import ByteStreams
import DrydockBase
import Foundation
import Testing

@testable import RackAPI

/// What is unpacked of an upload, and what is not.
@Suite struct SourceTreeTests {
  private func text(_ root: URL, _ path: String) -> String? {
    try? String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  @Test(arguments: [1, 511, 700, 100_000])
  func `files, folders, links and long names arrive, however the bytes come`(_ pieces: Int) async throws {
    let long = String(repeating: "d/", count: 60) + "f"
    let line = " path=\(long)\n"
    let pax = "\(line.utf8.count + 3)\(line)"
    let archive = TarBytes.archive(
      TarBytes.member("a", "one"), TarBytes.member("sub/", type: "5", mode: "0000755"),
      TarBytes.member("sub/run.sh", "two", mode: "0000755"), TarBytes.member("./b", "three"),
      TarBytes.member("link", type: "2", target: "a"),
      TarBytes.member("same", type: "1", target: "sub/run.sh"),
      TarBytes.member("PaxHeaders/x", pax, type: "x"), TarBytes.member("short", "four"),
      TarBytes.member("pipe", type: "6"), TarBytes.member(".drydock/id", "stolen"),
      TarBytes.member("a", "again"))
    try await unpacking(archive, pieces: pieces) { root, failure in
      #expect(failure == nil)
      #expect(text(root, "a") == "again")
      #expect(text(root, "b") == "three")
      #expect(text(root, "same") == "two")
      #expect(text(root, long) == "four")
      let manager = FileManager.default
      #expect(try manager.destinationOfSymbolicLink(atPath: root.appending(path: "link").path) == "a")
      let mode = try manager.attributesOfItem(atPath: root.appending(path: "sub/run.sh").path)[
        .posixPermissions]
      #expect(mode as? Int == 0o755)
      #expect(!manager.fileExists(atPath: root.appending(path: "pipe").path))
      #expect(!manager.fileExists(atPath: root.appending(path: ".drydock").path))
    }
  }

  @Test(arguments: [
    [TarBytes.member("../secret", "in")], [TarBytes.member("a/../../secret", "in")],
    [TarBytes.member("l", type: "2", target: ".."), TarBytes.member("l/secret", "in")],
    [TarBytes.member("l", type: "2", target: "/tmp"), TarBytes.member("l/x/", type: "5")],
    [TarBytes.member("h", type: "1", target: "../secret")], [TarBytes.member("h", type: "1", target: "none")],
    [TarBytes.member("l", type: "2", target: "../secret"), TarBytes.member("h", type: "1", target: "l")],
    [TarBytes.member("f", "x"), TarBytes.member("f/g", "x")], [[UInt8](repeating: 7, count: 512)],
    [TarBytes.member("cut", "content").dropLast(512) + []],
  ])
  func `what leads outside or is damaged is refused`(_ members: [[UInt8]]) async throws {
    try await unpacking(members.flatMap { $0 }) { _, failure in #expect(failure != nil) }
  }

  @Test func `a file that takes a link's name replaces the link, not what it leads to`() async throws {
    let archive = TarBytes.archive(
      TarBytes.member("l", type: "2", target: "../secret"), TarBytes.member("l", "mine"))
    try await unpacking(archive) { root, failure in
      #expect(failure == nil)
      #expect(text(root, "l") == "mine")
    }
  }

  @Test func `an absolute name lies in the folder all the same`() async throws {
    try await unpacking(TarBytes.archive(TarBytes.member("/etc/x", "here"))) { root, failure in
      #expect(failure == nil)
      #expect(text(root, "etc/x") == "here")
    }
  }

  @Test func `what is no member is bounded too`() async throws {
    let filling = TarBytes.member("PaxHeaders/x", String(repeating: "x", count: 4096), type: "g")
    let archive = TarBytes.archive((0..<4).flatMap { _ in filling }, TarBytes.member("a", "1"))
    try await unpacking(archive, bounds: .init(bytes: 100, members: 1)) { _, failure in
      #expect(failure != nil)
    }
    try await unpacking(archive, bounds: .init(bytes: 100, members: 3)) { _, failure in
      #expect(failure == nil)
    }
  }

  @Test func `there are bounds to bytes and members`() async throws {
    let archive = TarBytes.archive(TarBytes.member("a", "12345"), TarBytes.member("b", "12345"))
    try await unpacking(archive, bounds: .init(bytes: 9)) { _, failure in #expect(failure != nil) }
    try await unpacking(archive, bounds: .init(members: 1)) { _, failure in #expect(failure != nil) }
    try await unpacking(archive, bounds: .init(bytes: 10, members: 2)) { _, failure in #expect(failure == nil)
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `damaged archives end in words`(_ seed: UInt64) async throws {
    var archive = TarBytes.archive(
      TarBytes.member("a", "one"), TarBytes.member("sub/b", "two"),
      TarBytes.member("l", type: "2", target: "a"),
      TarBytes.member("PaxHeaders/x", "12 path=xyz\n", type: "x"), TarBytes.member("c", "three"))
    var state = seed
    for _ in 0..<4 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      archive[Int(state >> 33) % archive.count] = UInt8(truncatingIfNeeded: state >> 24)
    }
    try await unpacking(archive) { _, _ in }
  }
}
