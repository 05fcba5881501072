import Foundation
import MonotonicTime
import NativeProcess
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Logs")
struct LogTests {
  @Test func areBounded() async throws {
    try await withScratch { scratch in
      let limit = 64 * 1024
      let spec = scratch.shell(
        "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line number $i; done; exec sleep 1000",
        logLimit: limit)
      _ = try await scratch.keeper().start(spec, until: .after(.seconds(30)))
      try await eventually("the last line") { scratch.log().last == "line number 20000" }
      let sizes = try [scratch.files.logFile, scratch.files.olderLogFile].map {
        try #require(try FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int)
      }
      #expect(sizes.allSatisfy { $0 <= limit })
      #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder).count == 4)
      // Nothing is lost at the seam of the two files.
      let lines = tail(logFile: scratch.files.logFile, lines: 2000)
      #expect(lines == (18001...20000).map { "line number \($0)" })
    }
  }

  @Test(arguments: [
    ("", 3, []), ("a\nb\nc\n", 2, ["b", "c"]), ("a\nb", 5, ["a", "b"]), ("a\r\n\nb\n", 5, ["a", "", "b"]),
    ("a\n", 0, []),
  ])
  func tailGivesTheLastLines(_ content: String, _ count: Int, _ lines: [String]) async throws {
    try await withScratch { scratch in
      try content.write(toFile: scratch.path("log"), atomically: true, encoding: .utf8)
      #expect(tail(logFile: scratch.path("log"), lines: count) == lines)
    }
  }

  /// Bug: a line that was being written when the log was moved aside came as two.
  @Test func aLineAcrossTheSeamIsWhole() async throws {
    try await withScratch { scratch in
      let path = scratch.path("log")
      let (older, newer) = (Array("a\nhal".utf8) + [0xc3], [0xa9] + Array("f\nb\n".utf8))
      try Data(older).write(to: URL(fileURLWithPath: path + ".1"))
      try Data(newer).write(to: URL(fileURLWithPath: path))
      #expect(tail(logFile: path, lines: 1) == ["b"])
      #expect(tail(logFile: path, lines: 2) == ["haléf", "b"])
      #expect(tail(logFile: path, lines: 9) == ["a", "haléf", "b"])
      try await withDeadline(.after(.seconds(30)), "the lines") {
        var lines = follow(logFile: path, backlog: 2).makeAsyncIterator()
        #expect(await lines.next() == "haléf")
        #expect(await lines.next() == "b")
      }
    }
  }

  @Test func tailReplacesWhatIsNotText() async throws {
    try await withScratch { scratch in
      try Data([0x61, 0xff, 0x62, 0x0a]).write(to: URL(fileURLWithPath: scratch.path("log")))
      #expect(tail(logFile: scratch.path("log"), lines: 1) == ["a\u{fffd}b"])
      #expect(tail(logFile: scratch.path("none"), lines: 1) == [])
    }
  }

  @Test func followGoesOnAcrossRotations() async throws {
    try await withScratch { scratch in
      let path = scratch.path("log")
      try "older\n".write(toFile: path + ".1", atomically: false, encoding: .utf8)
      try "first\nhal".write(toFile: path, atomically: false, encoding: .utf8)
      try await withDeadline(.after(.seconds(30)), "the lines") {
        var lines = follow(logFile: path, backlog: 5).makeAsyncIterator()
        #expect(await lines.next() == "older")
        #expect(await lines.next() == "first")
        try append("f\nlast before\n", path)
        #expect(await lines.next() == "half")
        // Written just before the move: neither lost nor given twice.
        try append("at the seam\n", path)
        rename(path, path + ".1")
        try append("first after\n", path)
        #expect(await lines.next() == "last before")
        #expect(await lines.next() == "at the seam")
        #expect(await lines.next() == "first after")
        // Emptied in place, where it cannot be moved.
        truncate(path, 0)
        try append("new\n", path)
        #expect(await lines.next() == "new")
      }
    }
  }

  private func append(_ text: String, _ path: String) throws {
    let file = try #require(fopen(path, "a"))
    fputs(text, file)
    fclose(file)
  }

  @Test func followWaitsForTheFileAndEndsWithItsTask() async throws {
    try await withScratch { scratch in
      let path = scratch.path("log")
      let first = try await withDeadline(.after(.seconds(30)), "a line") {
        try await withThrowingTaskGroup(of: String?.self) { group in
          group.addTask {
            for await line in follow(logFile: path, backlog: 10) { return line }
            return nil
          }
          group.addTask {
            for await _ in follow(logFile: path + ".never") {}
            return nil
          }
          try "whole\npart".write(toFile: path, atomically: false, encoding: .utf8)
          let line = try await group.next() ?? nil
          group.cancelAll()
          return line
        }
      }
      #expect(first == "whole")
    }
  }
}
