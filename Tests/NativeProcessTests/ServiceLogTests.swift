import Foundation
import MonotonicTime
import Testing

@testable import NativeProcess

#if os(Linux)
  @Suite("A service's log")
  struct ServiceLogTests {
    @Test func eachStreamIsWholeAndInOrder() async throws {
      try await withScratch { scratch in
        let program = """
          import sys
          for number in range(100000):
            (sys.stdout if number % 3 else sys.stderr).write(f"line {number}\\n")
          """
        let end = try await scratch.runToEnd(scratch.python(program))
        #expect(end == .code(0))
        let lines = scratch.lines()
        #expect(lines.count == 100_000)
        let numbers = (0..<100_000)
        #expect(
          lines.filter { $0.stream == .output }.map(\.text)
            == numbers.filter { $0 % 3 != 0 }.map { "line \($0)" })
        #expect(
          lines.filter { $0.stream == .error }.map(\.text)
            == numbers.filter { $0 % 3 == 0 }.map { "line \($0)" })
        #expect(zip(lines, lines.dropFirst()).allSatisfy { $0.time <= $1.time })
        #expect(lastLines(of: [scratch.source], 3).count == 3)
      }
    }

    @Test func anyBytesOfAnyLength() async throws {
      try await withScratch { scratch in
        let program = """
          import sys
          out = sys.stdout.buffer
          out.write(b"x" * (1 << 20) + b"\\n" + b"y" * (16 << 10) + b"\\n\\n")
          out.write(bytes(b for b in range(256) if b != 10) * 300 + b"\\n")
          out.write(b"z" * (5 << 20) + b"\\n")
          out.write(b"no end")
          """
        let end = try await scratch.runToEnd(scratch.python(program))
        #expect(end == .code(0))
        let all = (0..<300).flatMap { _ in (0...255).filter { $0 != 10 }.map { UInt8($0) } }
        let expected: [[UInt8]] = [
          Array(repeating: 0x78, count: 1 << 20), Array(repeating: 0x79, count: 16 << 10), [], all,
          Array(repeating: 0x7a, count: LogLine.limit), Array(repeating: 0x7a, count: 1 << 20),
          Array("no end".utf8),
        ]
        #expect(scratch.lines().map(\.bytes) == expected)
        #expect(lastLines(of: [scratch.source], expected.count).map(\.line.bytes) == expected)
        // The pieces of a line in the middle do not look like lines.
        #expect(lastLines(of: [scratch.source], 2).map(\.line.bytes) == expected.suffix(2))
        let data = try Data(contentsOf: URL(filePath: scratch.service.logFile))
        #expect(data.split(separator: 0x0a).allSatisfy { $0.count <= LineParser.recordLimit })
      }
    }

    @Test func itIsBoundedAndGoesOnOverRestarts() async throws {
      try await withScratch { scratch in
        let limit = 64 << 10
        for run in 0..<3 {
          let script = "i=0; while [ $i -lt 1500 ]; do i=$((i+1)); echo \(run) $i; done"
          let end = try await scratch.runToEnd(scratch.service(script, logLimit: limit))
          #expect(end == .code(0))
        }
        for file in [scratch.service.logFile, scratch.service.olderLogFile] {
          let data = try Data(contentsOf: URL(filePath: file))
          #expect(data.count <= limit)
          #expect(data.last == 0x0a)
        }
        // What is left is whole to the last line.
        let texts = scratch.texts()
        let expected = (0..<3).flatMap { run in (1...1500).map { "\(run) \($0)" } }
        #expect(texts.count > 2000)
        #expect(texts == expected.suffix(texts.count))
      }
    }

    @Test func aTimeChoosesLines() async throws {
      try await withScratch { scratch in
        let writer = LineLogWriter(path: scratch.service.logFile)
        for second in 1...9 {
          writer.write(
            "line \(second)".utf8, stream: .output, at: LogTime(nanoseconds: Int64(second) * 1_000_000_000))
        }
        var found: [String] = []
        readLines(
          of: [scratch.source], since: LogTime(nanoseconds: 4_000_000_000),
          until: LogTime(nanoseconds: 6_999_999_999)
        ) { found += $0.map(\.line.text) }
        #expect(found == ["line 4", "line 5", "line 6"])
      }
    }

    @Test func severalLogsComeInTheOrderOfTheirTimes() async throws {
      try await withScratch { scratch in
        let sources = ["a", "b", "c"].map { LogSource(name: $0, path: scratch.path("\($0).log")) }
        // One far larger than the others.
        let counts = [40_000, 30, 30]
        for (index, source) in sources.enumerated() {
          let writer = LineLogWriter(path: source.path)
          let step = 40_000 / counts[index]
          writer.write(
            (0..<counts[index]).map {
              LogLine(
                time: LogTime(nanoseconds: Int64($0 * step * 10 + index)), stream: .output,
                bytes: Array("\($0)".utf8))
            })
        }
        var lines: [NamedLine] = []
        readLines(of: sources) { lines += $0 }
        #expect(lines.count == 40_060)
        #expect(zip(lines, lines.dropFirst()).allSatisfy { $0.line.time <= $1.line.time })
        let last = lastLines(of: sources, 2000)
        #expect(last == lines.suffix(2000))
      }
    }

    @Test func linesAreFollowedAcrossTheSeam() async throws {
      try await withScratch { scratch in
        let end = try await scratch.runToEnd(scratch.service("echo before; echo last"))
        #expect(end == .code(0))
        let follower = LineFollower([scratch.source], from: .last(1))
        let script = "i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo $i; done"
        try await scratch.start(scratch.service(script, logLimit: 64 << 10))
        try await withDeadline(.after(.seconds(60)), "the lines") {
          var texts: [String] = []
          while texts.last != "5000" { texts += (await follower.next() ?? []).map(\.line.text) }
          #expect(texts == ["last"] + (1...5000).map { "\($0)" })
        }
      }
    }

    @Test func aRecordThatWasCutIsNoLine() async throws {
      try await withScratch { scratch in
        try Data("1 o whole\n2 o cut".utf8).write(to: URL(filePath: scratch.service.logFile))
        let end = try await scratch.runToEnd(scratch.service("echo next"))
        #expect(end == .code(0))
        #expect(scratch.texts().first == "whole")
        #expect(scratch.texts().last == "next")
      }
    }
  }
#endif
