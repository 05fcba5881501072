import Testing

@testable import HealthProbes

@Suite struct RedisCommandReaderTests {
  private static let commands: [[[UInt8]]] = [
    [redisWord("SELECT"), redisWord(3)], [redisWord("RESTORE"), [0, 13, 10, 255], redisWord(0), []],
  ]

  @Test("Commands come out the same however they are cut", arguments: 1...60)
  func pieces(_ size: Int) throws {
    let bytes = Self.commands.flatMap(RedisSession.encode)
    var reader = RedisCommandReader()
    var found: [[[UInt8]]] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      reader.feed(Array(bytes[start..<min(start + size, bytes.count)]))
      while let command = try reader.next() { found.append(command) }
    }
    #expect(found == Self.commands)
    #expect(reader.isComplete && reader.count == 2)
  }

  @Test(
    "A key that an import staged is told from others",
    arguments: [
      ("drydock:import:123:0", "123"), ("drydock:import:18446744073709551615:77", "18446744073709551615"),
      ("drydock:import:123:", nil), ("drydock:import:123", nil), ("drydock:import::0", nil),
      ("drydock:import:12a:0", nil), ("drydock:import:123:0x", nil), ("xdrydock:import:123:0", nil),
      ("drydock:import:123456789012345678901:0", nil), ("", nil), ("key:1", nil),
    ] as [(String, String?)])
  func staged(key: String, owner: String?) {
    #expect(RedisStaging.owner(of: Array(key.utf8)) == owner)
  }

  @Test(
    "What is no stream of commands is refused",
    arguments: [
      "REDIS0011", "*1\r\n+OK\r\n", "*0\r\n", "*-1\r\n", "*1\r\n$-1\r\n", "*1\r\n$2\r\nabc\r\n",
      "*99999999999999999999999999\r\n", "*5000\r\n", "*1\r\n$999999999999\r\n",
    ])
  func damage(_ text: String) {
    var reader = RedisCommandReader()
    reader.feed(Array(text.utf8))
    #expect(throws: TransferFormatError.self) { while try reader.next() != nil {} }
  }

  @Test("A stream that breaks off is not complete", arguments: 1..<23)
  func cut(_ length: Int) throws {
    var reader = RedisCommandReader()
    reader.feed(Array(RedisSession.encode(Self.commands[0]).prefix(length)))
    let command = try reader.next()
    #expect(command == nil)
    #expect(!reader.isComplete)
  }

  @Test func lineEndsOfTheInternet() {
    var ends = LineEnds()
    #expect(ends.convert(Array("a\nb\r".utf8)) == Array("a\r\nb\r".utf8))
    #expect(ends.convert(Array("\nc".utf8)) == Array("\nc".utf8))
    #expect(ends.finish() == Array("\r\n".utf8))
  }
}
