import DrydockTestSupport
import Foundation
import LocalFiles
import Testing

private func mode(_ file: URL) throws -> Int {
  let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
  return try #require(attributes[.posixPermissions] as? Int)
}

private func names(in folder: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

@Suite struct AtomicFileTests {
  @Test func newFilesAreForTheUserOnly() async throws {
    try await withTestFolder { folder throws in
      let file = folder.appendingPathComponent(".env")
      #expect(try AtomicFile.write(Array("A=1\n".utf8), to: file.path))
      #expect(try String(contentsOf: file, encoding: .utf8) == "A=1\n")
      #expect(try mode(file) == 0o600)
      #expect(try names(in: folder) == [".env"])
    }
  }

  @Test func modesAreKeptOrSet() async throws {
    try await withTestFolder { folder throws in
      let file = folder.appendingPathComponent("f")
      try AtomicFile.write([1], to: file.path, mode: 0o666)
      #expect(try mode(file) == 0o666)
      try AtomicFile.write([2], to: file.path)
      #expect(try mode(file) == 0o666)
      try AtomicFile.write([2], to: file.path, mode: 0o640, onlyIfChanged: true)
      #expect(try mode(file) == 0o640)
    }
  }

  @Test func whatAKilledWriterLeftIsRemovedByTheNext() async throws {
    try await withTestFolder { folder throws in
      let old = [
        ".drydock-abandoned.tmp", ".drydock-locked.tmp", ".drydock-Not.Ours.tmp", ".drydock-dir.tmp",
      ]
      for name in old { try Data().write(to: folder.appending(path: name)) }
      try FileManager.default.removeItem(at: folder.appending(path: ".drydock-dir.tmp"))
      try FileManager.default.createDirectory(
        at: folder.appending(path: ".drydock-dir.tmp"), withIntermediateDirectories: false)
      for name in old {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -100)],
          ofItemAtPath: folder.appending(path: name).path)
      }
      try Data().write(to: folder.appending(path: ".drydock-new.tmp"))
      let locked = open(folder.appending(path: ".drydock-locked.tmp").path, O_RDWR | O_CLOEXEC)
      defer { close(locked) }
      try #require(flock(locked, LOCK_EX | LOCK_NB) == 0)
      try AtomicFile.write([1], to: folder.appending(path: "f").path)
      #expect(
        try names(in: folder) == [
          ".drydock-Not.Ours.tmp", ".drydock-dir.tmp", ".drydock-locked.tmp", ".drydock-new.tmp", "f",
        ])
    }
  }

  @Test func unchangedFilesAreLeftAlone() async throws {
    try await withTestFolder { folder throws in
      let file = folder.appendingPathComponent("f")
      let bytes = [UInt8](repeating: 7, count: 200_000)
      try AtomicFile.write(bytes, to: file.path)
      let inode = try FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? Int
      #expect(try !AtomicFile.write(bytes, to: file.path, onlyIfChanged: true))
      #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? Int == inode)
      #expect(try AtomicFile.write(bytes.dropLast() + [8], to: file.path, onlyIfChanged: true))
      #expect(try AtomicFile.write([], to: file.path, onlyIfChanged: true))
      #expect(try Data(contentsOf: file).isEmpty)
    }
  }

  @Test(
    "root writes through no link of another user's, at the end of a path or before",
    .enabled(if: geteuid() == 0, "only root may give a link away"),
    arguments: ["link", "folder/file", "mine/folder/file", "new/../link"])
  func strangersLinks(_ path: String) async throws {
    try await withTestFolder { folder throws in
      let target = folder.appendingPathComponent("real/file")
      for name in ["real", "new"] {
        try FileManager.default.createDirectory(
          at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
      }
      try Data("kept".utf8).write(to: target)
      for (link, leads) in [("link", "real/file"), ("folder", "real"), ("mine", folder.path)] {
        try FileManager.default.createSymbolicLink(
          atPath: folder.appendingPathComponent(link).path, withDestinationPath: leads)
      }
      let named = folder.path + "/" + path
      try AtomicFile.write(Array("root's own links".utf8), to: named)
      try Data("kept".utf8).write(to: target)
      for link in ["link", "folder"] {
        #expect(lchown(folder.appendingPathComponent(link).path, 4711, 4711) == 0)
      }
      let write = #expect(throws: AtomicFileError.self) { try AtomicFile.write([], to: named) }
      #expect(write?.code == .strangersLink)
      let writer = #expect(throws: AtomicFileError.self) { _ = try AtomicFileWriter(named) }
      #expect(writer?.code == .strangersLink)
      #expect(try Data(contentsOf: target) == Data("kept".utf8))
    }
  }

  @Test func linksStayAndTheirTargetsAreWritten() async throws {
    try await withTestFolder { folder throws in
      let real = folder.appendingPathComponent("real")
      try FileManager.default.createDirectory(at: real, withIntermediateDirectories: true)
      let links = [("first", "second"), ("second", "real/file"), ("absolute", "\(real.path)/file")]
      for (link, target) in links {
        try FileManager.default.createSymbolicLink(
          atPath: folder.appendingPathComponent(link).path, withDestinationPath: target)
      }
      // The target does not exist yet.
      try AtomicFile.write([1], to: folder.appendingPathComponent("first").path)
      #expect(try Data(contentsOf: real.appendingPathComponent("file")) == Data([1]))
      try AtomicFile.write([2], to: folder.appendingPathComponent("absolute").path)
      #expect(try Data(contentsOf: real.appendingPathComponent("file")) == Data([2]))
      let link = folder.appendingPathComponent("first").path
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "second")
      #expect(try names(in: real) == ["file"])
    }
  }

  @Test func whatIsNoRegularFileIsNotReplaced() async throws {
    try await withTestFolder { folder throws in
      for path in [folder.path, "/dev/null"] {
        let error = #expect(throws: AtomicFileError.self) { try AtomicFile.write([1], to: path) }
        #expect(error?.code == .notRegularFile)
      }
      let circle = folder.appendingPathComponent("circle")
      try FileManager.default.createSymbolicLink(atPath: circle.path, withDestinationPath: "circle")
      #expect(throws: AtomicFileError(.linkLoop, path: circle.path, errno: ELOOP)) {
        try AtomicFile.write([1], to: circle.path)
      }
      let lost = folder.appendingPathComponent("none/f").path
      #expect(throws: AtomicFileError(.noFolder, path: lost, errno: ENOENT)) {
        try AtomicFile.write([1], to: lost)
      }
      #expect(try names(in: folder) == ["circle"])
    }
  }

  @Test func aReaderNeverSeesHalfAFile() async throws {
    try await withTestFolder { folder throws in
      let file = folder.appendingPathComponent("f")
      try AtomicFile.write([UInt8](repeating: 0, count: 100_000), to: file.path)
      try await withThrowingTaskGroup { group in
        for writer in UInt8(1)...3 {
          group.addTask {
            for _ in 0..<10 {
              try AtomicFile.write([UInt8](repeating: writer, count: 100_000), to: file.path)
            }
          }
        }
        group.addTask {
          for _ in 0..<200 {
            let bytes = try Data(contentsOf: file)
            #expect(bytes.count == 100_000 && Set(bytes).count == 1)
          }
        }
        try await group.waitForAll()
      }
      #expect(try names(in: folder) == ["f"])
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root may give files away"))
  func theOwnerStays() async throws {
    try await withTestFolder { folder throws in
      let file = folder.appendingPathComponent("f")
      try AtomicFile.write([1], to: file.path, mode: 0o640)
      try #require(chown(file.path, 65_534, 65_534) == 0)
      try AtomicFile.write([2], to: file.path)
      let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
      #expect(attributes[.ownerAccountID] as? Int == 65_534)
      #expect(attributes[.groupOwnerAccountID] as? Int == 65_534)
      #expect(try mode(file) == 0o640)
    }
  }

  @Test(.enabled("mounting needs privileges", canMount))
  func aFullOrReadOnlyDiskKeepsTheOldContent() async throws {
    try await withTestFolder { folder throws in
      let parent = FileManager.default.temporaryDirectory
      try #require(try await runProgram("mount", mountArguments(folder), in: parent).status == 0)
      let file = folder.appendingPathComponent("f")
      let outcome = Result { () throws -> Data in
        try AtomicFile.write([1], to: file.path)
        let big = [UInt8](repeating: 0, count: 1 << 20)
        let error = #expect(throws: AtomicFileError.self) { try AtomicFile.write(big, to: file.path) }
        #expect(error?.code == .noSpace)
        #expect(error?.errno == ENOSPC)
        #expect(try names(in: folder) == ["f"])
        return try Data(contentsOf: file)
      }
      _ = try await runProgram("mount", ["-o", "remount,ro", folder.path], in: parent)
      let error = #expect(throws: AtomicFileError.self) { try AtomicFile.write([2], to: file.path) }
      #expect(error?.code == .readOnly && error?.errno == EROFS)
      _ = try await runProgram("umount", [folder.path], in: parent)
      #expect(try outcome.get() == Data([1]))
    }
  }
}

private func mountArguments(_ folder: URL) -> [String] {
  ["-t", "tmpfs", "-o", "size=65536", "drydock-test", folder.path]
}

/// Whether this user may mount a small disk of its own to fill.
@Sendable private func canMount() async throws -> Bool {
  try await withTestFolder { folder throws in
    let parent = FileManager.default.temporaryDirectory
    guard try await runProgram("mount", mountArguments(folder), in: parent).status == 0 else { return false }
    return try await runProgram("umount", [folder.path], in: parent).status == 0
  }
}
