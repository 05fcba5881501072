import Synchronization
import Testing

@testable import Transfer

/// An import whose server waits for room on its disk.
@Suite struct RoomWatchTests {
  /// A server's log, and what was told.
  private final class Log: Sendable {
    private let state = Mutex<(lines: [String], told: Int)>((["ready for connections"], 0))

    var lines: [String] { state.withLock { $0.lines } }
    var told: Int { state.withLock { $0.told } }
    func write(_ line: String) { state.withLock { $0.lines.append(line) } }
    func tell() { state.withLock { $0.told += 1 } }
  }

  private static let waits = [
    """
    10 [Warning] mariadbd: Disk is full writing './binlog.000001' (Errcode: 28 "No space left on device"). \
    Waiting for someone to free space... (Expect up to 60 secs delay for server to continue after freeing disk space)
    """,
    """
    [Warning] [MY-000034] [Server] Disk is full writing './binlog.000001' (OS errno 28 - No space left on device). \
    Waiting for someone to free space... Retry in 60 secs. Message reprinted in 600 secs.
    """,
  ]

  /// Bug: the server waits for ever, and the import said nothing.
  @Test("It is told, once for each time that the server says it", arguments: waits)
  func waiting(_ line: String) async throws {
    let log = Log()
    log.write("7:00 \(line)")
    let room = await RoomWatch { log.lines }
    #expect(await room.words() == nil)
    let value = try await room.during(
      reading: ByteCounter(), every: .milliseconds(1), tell: { log.tell() },
      {
        for times in 1...2 {
          log.write("7:0\(times) \(line)")
          while log.told < times { try await Task.sleep(for: .milliseconds(1)) }
        }
        return 42
      })
    #expect(value == 42 && log.told == 2)
    #expect(await room.words() == "7:02 \(line)")
  }

  @Test("Nor while data moves, nor when the server has given up")
  func others() async throws {
    let log = Log()
    let room = await RoomWatch { log.lines }
    let read = ByteCounter()
    try await room.during(
      reading: read, every: .milliseconds(1), tell: { log.tell() },
      {
        // Counted faster than it is looked at.
        log.write("8:00 \(Self.waits[0])")
        for _ in 1...1000 {
          read.add(1)
          await Task.yield()
        }
        log.write("8:01 InnoDB: Operating system error number 28 in a file operation.")
      })
    #expect(log.told == 0)
    #expect(await room.words()?.hasPrefix("8:01") == true)
  }

  @Test("What ends the operation ends the watch, with its own error")
  func failure() async throws {
    struct Failure: Error {}
    let room = await RoomWatch { [] }
    await #expect(throws: Failure.self) {
      try await room.during(reading: ByteCounter(), tell: {}) { throw Failure() }
    }
  }

  /// Bug: "TLS/SSL error: unexpected eof" was told of a server that had ended for want of space, and not why.
  @Test(
    "A client says in many ways that its server is gone",
    arguments: [
      "ERROR 2026 (HY000) at line 127: TLS/SSL error: unexpected eof while reading",
      "ERROR 2013 (HY000) at line 3: Lost connection to MySQL server during query",
      "ERROR 2013 (HY000): Lost connection to server at 'reading initial communication packet'",
      "ERROR 2006 (HY000) at line 3: MySQL server has gone away",
      "psql:<stdin>:14: server closed the connection unexpectedly",
      "psql:<stdin>:14: error: connection to server was lost",
      "WARNING:  terminating connection because of crash of another server process",
    ])
  func goneServer(_ words: String) {
    #expect(ToolDump.saysServerIsGone(words))
    #expect(!ToolDump.saysServerIsGone("ERROR 1050 (42S01) at line 1: Table 't' already exists"))
  }
}
