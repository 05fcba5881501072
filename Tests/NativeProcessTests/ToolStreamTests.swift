import DrydockBase
import Foundation
import MonotonicTime
import NativeProcess
import Synchronization
import Testing

@Suite("Commands whose input and output are streamed")
struct ToolStreamTests {
  private struct Broken: Error {}

  /// A source of numbered pieces, and a sink that keeps what it gets.
  private actor Ends {
    private var left: Int
    private let piece: [UInt8]
    private(set) var taken: [UInt8] = []

    init(pieces: Int, of piece: [UInt8]) {
      left = pieces
      self.piece = piece
    }

    func next() throws -> [UInt8]? {
      guard left > 0 else { return nil }
      left -= 1
      return piece
    }

    func take(_ bytes: [UInt8]) { taken += bytes }
  }

  private func shell(_ script: String) -> Tool {
    Tool(executable: "/bin/sh", arguments: ["-c", script], environment: cleanEnvironment(inherited: [:]))
  }

  @Test func carryMoreThanAnyBufferHolds() async throws {
    let ends = Ends(pieces: 100, of: [UInt8](0...255) + [UInt8](repeating: 7, count: 50_000))
    let ending = try await shell("cat; echo done >&2; exit 3").stream(
      input: { try await ends.next() }, output: { await ends.take($0) })
    #expect(ending == ToolEnding(exitCode: 3, error: Array("done\n".utf8)))
    #expect(await ends.taken.count == 100 * 50_256)
  }

  /// Bug: a tool that wrote more than 16 MB of warnings was ended, and its work with it.
  @Test func mayWarnOfMuch() async throws {
    let ends = Ends(pieces: 0, of: [])
    let warnings = "yes 'WARNING: something' | head -c 20000000 >&2"
    let script = "\(warnings); echo fine; printf '\\nthe last\\n' >&2; exit 3"
    let ending = try await shell(script).stream(input: nil, output: { await ends.take($0) })
    #expect(ending.exitCode == 3)
    #expect(String(decoding: ending.error, as: UTF8.self).hasSuffix("\nthe last\n"))
    #expect(ending.error.count <= 1 << 16)
    #expect(await ends.taken == Array("fine\n".utf8))
  }

  @Test func mayEndBeforeTheirInputDoes() async throws {
    let ends = Ends(pieces: 1000, of: [UInt8](repeating: 7, count: 50_000))
    let ending = try await shell("head -c 10").stream(
      input: { try await ends.next() }, output: { await ends.take($0) })
    #expect(ending.exitCode == 0)
    #expect(await ends.taken.count == 10)
  }

  /// A command that has ended is not waited for because somebody has nothing to say yet.
  @Test func doNotWaitForASilentSource() async throws {
    let ending = try await shell("exit 4").stream(
      input: {
        try await Task.sleep(for: .seconds(600))
        return nil
      }, output: { _ in })
    #expect(ending.exitCode == 4)
  }

  @Test func endWithTheErrorOfTheirSource() async throws {
    await #expect(throws: Broken.self) {
      _ = try await shell("sleep 600 & cat").stream(input: { throw Broken() }, output: { _ in })
    }
  }

  @Test func endWithTheErrorOfTheirSink() async throws {
    await #expect(throws: Broken.self) {
      _ = try await shell("yes").stream(input: nil, output: { _ in throw Broken() })
    }
  }

  @Test func leaveNothingBehindWhenCancelled() async throws {
    let started = AsyncStream.makeStream(of: Int32.self)
    let run = Task {
      try await shell("trap '' TERM; echo $$; sleep 600").stream(input: nil) { bytes in
        started.continuation.yield(Int32(String(decoding: bytes, as: UTF8.self).dropLast()) ?? 0)
      }
    }
    var seen = started.stream.makeAsyncIterator()
    let pid = try #require(await seen.next())
    run.cancel()
    await #expect(throws: CancellationError.self) { _ = try await run.value }
    #expect(kill(pid, 0) == -1 && errno == ESRCH)
  }

  @Test func haveATerminalOfTheirOwnWhereTheyAreToTalk() async throws {
    let (ends, sizes) = (
      Ends(pieces: 1, of: Array("word\n".utf8)), AsyncStream.makeStream(of: TerminalSize.self)
    )
    sizes.continuation.yield(TerminalSize(columns: 111, rows: 33))
    let script = """
      stty size | grep -q '33 111' || exit 9
      read -r line; echo "got $line" >/dev/tty; cat; [ -t 2 ] && exit 5
      """
    let code = try await shell(script).onTerminal(
      sizes: sizes.stream, input: { try await ends.next() }, output: { await ends.take($0) })
    #expect(code == 5)
    #expect(String(decoding: await ends.taken, as: UTF8.self).contains("got word\r\n"))
  }

  @Test func areInterruptedByTheKeyOfTheirTerminal() async throws {
    let keys = AsyncStream.makeStream(of: [UInt8].self)
    let input = KeyReader(keys.stream)
    let code = try await shell("trap 'exit 7' INT; echo ready; while :; do sleep 1; done").onTerminal(
      sizes: AsyncStream { $0.finish() }, input: { await input.next() }
    ) { bytes in
      if String(decoding: bytes, as: UTF8.self).contains("ready") { keys.continuation.yield([0x03]) }
    }
    #expect(code == 7)
  }

  private actor KeyReader {
    private let keys: AsyncStream<[UInt8]>

    init(_ keys: AsyncStream<[UInt8]>) { self.keys = keys }

    func next() async -> [UInt8]? {
      for await key in keys { return key }
      return nil
    }
  }
}
