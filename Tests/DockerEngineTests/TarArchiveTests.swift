import Foundation
import Testing

@testable import DockerEngine

@Suite struct TarArchiveTests {
  /// What the system's tar says of an archive.
  private func tar(_ archive: [UInt8], _ arguments: [String]) throws -> (status: Int32, output: String) {
    let file = FileManager.default.temporaryDirectory.appending(path: "dt-\(UUID().uuidString).tar")
    try Data(archive).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["tar", "-f", file.path(percentEncoded: false)] + arguments
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  @Test func theSystemsTarReadsIt() throws {
    var archive = TarArchive()
    try archive.addDirectory("conf.d", mode: 0o750, uid: 70, gid: 71)
    try archive.addFile("conf.d/a b-ü.conf", mode: 0o600, uid: 999, gid: 65534, bytes: Array("x = 1\n".utf8))
    try archive.addFile("empty", bytes: [])
    try archive.addFile("block", mode: 0o4755, bytes: [UInt8](repeating: 7, count: 512))
    let listing = try tar(archive.bytes, ["-tv", "--numeric-owner", "--utc", "--quoting-style=literal"])
    #expect(listing.status == 0)
    let columns = listing.output.split(separator: "\n").map {
      $0.split(separator: " ", omittingEmptySubsequences: true)
    }
    #expect(columns.map { $0[0] } == ["drwxr-x---", "-rw-------", "-rw-r--r--", "-rwsr-xr-x"])
    #expect(columns.map { $0[1] } == ["70/71", "999/65534", "0/0", "0/0"])
    #expect(columns.map { $0[2] } == ["0", "6", "0", "512"])
    #expect(
      columns.map { $0[5...].joined(separator: " ") } == ["conf.d/", "conf.d/a b-ü.conf", "empty", "block"])
    #expect(try tar(archive.bytes, ["-xO", "conf.d/a b-ü.conf"]).output == "x = 1\n")
  }

  /// What the old format has no room for stands in a header before it.
  @Test func holdsLongNamesAndLinks() throws {
    let (name, target) = (
      String(repeating: "d/", count: 80) + "ü", "../" + String(repeating: "t", count: 200)
    )
    var archive = TarArchive()
    try archive.addFile(name, bytes: Array("x".utf8))
    let links = try [("short", "a"), ("long", target)].map { name, target in
      try TarHeader(path: Array(name.utf8), kind: .link(target: Array(target.utf8)), mode: 0o777).blocks()
    }
    let listing = try tar(Array(links.joined()) + archive.bytes, ["-tv", "--quoting-style=literal"])
    #expect(listing.status == 0)
    let lines = listing.output.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasSuffix(" short -> a"))
    #expect(lines[1].hasSuffix(" long -> \(target)"))
    #expect(lines[2].hasSuffix(" \(name)"))
  }

  @Test func anEmptyArchiveIsOne() throws {
    let listing = try tar(TarArchive().bytes, ["-t"])
    #expect(listing.status == 0)
    #expect(listing.output.isEmpty)
  }

  @Test(arguments: ["", "/etc/passwd", "a\u{0}b"])
  func refusesNamesItCannotHold(_ name: String) {
    var archive = TarArchive()
    let error = #expect(throws: DockerError.self) { try archive.addFile(name, bytes: []) }
    #expect(error?.code == .invalidArgument)
  }

  @Test func refusesAnOwnerItCannotHold() {
    var archive = TarArchive()
    let error = #expect(throws: DockerError.self) { try archive.addFile("x", uid: .max, bytes: []) }
    #expect(error?.code == .invalidArgument)
  }
}

/// Small files out of an archive that comes in pieces.
@Suite struct TarFilesTests {
  /// An archive of a folder with links, as the engine sends one.
  private func archive() throws -> [UInt8] {
    let root = FileManager.default.temporaryDirectory.appending(path: "dt-\(UUID().uuidString)")
    let folder = root.appending(path: "extension")
    defer { try? FileManager.default.removeItem(at: root) }
    try FileManager.default.createDirectory(
      at: folder.appending(path: "deeper"), withIntermediateDirectories: true)
    for (name, text) in [
      ("dblink.control", "relocatable = true\n"), ("empty.control", ""),
      ("large.sql", String(repeating: "x", count: 70_001)),
      ("wanted.sql", String(repeating: "y", count: 5000)),
      ("postgis-3.control", "version 3\n"), ("deeper/not.control", "no"),
    ] {
      try Data(text.utf8).write(to: folder.appending(path: name))
    }
    try FileManager.default.createSymbolicLink(
      atPath: folder.appending(path: "postgis.control").path, withDestinationPath: "./postgis-3.control")
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["tar", "--format=ustar", "-C", root.path, "-cf", "-", "extension"]
    process.standardOutput = pipe
    try process.run()
    let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Array(bytes)
  }

  @Test("Each piece is as good as the whole", arguments: [1, 511, 512, 4096, 1 << 20])
  func pieces(_ size: Int) throws {
    let archive = try archive()
    var files = TarFiles { ["postgis.control", "wanted.sql"].contains($0) }
    for begin in stride(from: 0, to: archive.count, by: size) {
      files.take(Array(archive[begin..<min(begin + size, archive.count)]))
    }
    let found = files.byName.mapValues { String(decoding: $0, as: UTF8.self) }
    #expect(found["dblink.control"] == "relocatable = true\n" && found["empty.control"] == "")
    #expect(found["wanted.sql"]?.count == 5000)
    #expect(found["postgis.control"] == "version 3\n")
    #expect(
      found.keys.sorted() == [
        "dblink.control", "empty.control", "postgis-3.control", "postgis.control", "wanted.sql",
      ])
  }
  @Test("Folders alone are no files; anything else is one, whatever its size")
  func anyFile() throws {
    /// Whether an archive holds any.
    func hasFiles(_ archive: TarArchive) -> Bool {
      var files = TarFiles { _ in false }
      files.take(archive.bytes)
      return files.areThere
    }
    var archive = TarArchive()
    try archive.addDirectory("docker-entrypoint-initdb.d")
    try archive.addDirectory("docker-entrypoint-initdb.d/deeper")
    #expect(!hasFiles(archive))
    for (name, size) in [("empty.sh", 0), ("large.sql", 3 << 20), ("deeper/not.sql", 7)] {
      var more = archive
      try more.addFile("docker-entrypoint-initdb.d/\(name)", bytes: Array(repeating: 45, count: size))
      #expect(hasFiles(more), "\(name)")
    }
  }
}
