import Foundation
import Testing

@testable import TerminalProgress

@Suite struct LossyWriterTests {
  @Test func whoWritesNeverWaitsForWhoReads() async throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    defer { ends.forEach { close($0) } }
    let writer = LossyWriter(descriptor: ends[1], capacity: 4096)
    let line = String(repeating: "x", count: 99) + "\n"
    // Far more than the pipe and the writer hold together, and nobody reads.
    for _ in 0..<5000 { writer.write(line) }
    await writer.flush(within: .milliseconds(1))
    var text = ""
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while !text.contains("left out") {
      let count = read(ends[0], &buffer, buffer.count)
      try #require(count > 0)
      text += String(decoding: buffer[..<count], as: UTF8.self)
    }
    // What it still has would go to whoever gets the descriptor's number next.
    await writer.flush(within: .seconds(30))
    let lines = text.split(separator: "\n")
    let kept = lines.count { $0 == line.dropLast() }
    let told = try #require(lines.last { $0.contains("left out") })
    // Together they are all that were written, but for what may have found room in between.
    #expect(kept > 0 && kept < 5000)
    #expect(told.hasPrefix("(nobody read on: "))
  }

  @Test func allIsWrittenInOrderWhereSomebodyReads() async throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    defer { ends.forEach { close($0) } }
    let writer = LossyWriter(descriptor: ends[1])
    for number in 0..<100 { writer.write("\(number)\n") }
    await writer.flush(within: .seconds(30))
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(ends[0], &buffer, buffer.count)
    #expect(String(decoding: buffer[..<max(0, count)], as: UTF8.self) == (0..<100).map { "\($0)\n" }.joined())
  }
}
