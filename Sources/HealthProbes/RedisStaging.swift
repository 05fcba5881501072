import MonotonicTime

/// Keys on their way into a redis: each is restored under another name first, where the server checks it, and all get
/// their own names at once. So an import that fails changes nothing.
///
/// The other names end by themselves after a day, should everything be killed.
final class RedisStaging {
  private let session: RedisSession
  private let target: ProbeTarget
  private let id = "\(UInt64.random(in: .min ... .max))"
  private var prefix: String { "\(Self.family)\(id):" }
  private static let family = "drydock:import:"
  /// What the connections of imports are called, followed by their ids.
  private static let client = "drydock-import-"
  private var database = 0
  /// How many keys are staged, and where: however many they are, their names are kept in the server.
  private var count = 0
  private var databases: Set<Int> = []
  private var pending: [(command: [[UInt8]], number: Int)] = []
  private var pendingBytes = 0

  init(_ session: RedisSession, _ target: ProbeTarget) {
    self.session = session
    self.target = target
  }

  /// Removes what imports left whose connection is gone, and says that this one lives.
  func begin() async throws {
    _ = try await session.ask("CLIENT", "SETNAME", Self.client + id)
    guard case .bytes(let bytes) = try await session.ask("CLIENT", "LIST") else { return }
    let living = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap {
      $0.hasPrefix("name=\(Self.client)") ? String($0.dropFirst("name=\(Self.client)".count)) : nil
    }
    for database in try await session.databases() {
      _ = try await session.ask("SELECT", "\(database)")
      try await session.scan("MATCH", Self.family + "*", "COUNT", "1000") { names in
        let abandoned = names.filter { name in
          Self.owner(of: name).map { !living.contains($0) } ?? false
        }
        _ = try await session.ask(abandoned.map { [redisWord("DEL"), $0] })
      }
    }
    _ = try await session.ask("SELECT", "0")
  }

  /// The import that staged a key; nil for a key of somebody else's.
  static func owner(of key: [UInt8]) -> String? {
    // Asked of each key there is: a regular expression took longer than all else about a key.
    guard key.starts(with: family.utf8) else { return nil }
    let number = key.dropFirst(family.utf8.count).prefix(while: isDigit)
    let rest = key.dropFirst(family.utf8.count + number.count)
    guard (1...20).contains(number.count), rest.first == UInt8(ascii: ":"), rest.count > 1,
      rest.dropFirst().allSatisfy(isDigit)
    else { return nil }
    return String(decoding: number, as: UTF8.self)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static let day = redisWord(24 * 3600 * 1000)

  /// Takes a command of the stream.
  func add(_ command: [[UInt8]], number: Int) async throws {
    let verb = String(decoding: command[0], as: UTF8.self).uppercased()
    if verb == "SELECT", command.count == 2, let index = Self.number(command[1]), index >= 0 {
      database = index
      return queue([redisWord("SELECT"), command[1]], number)
    }
    guard verb == "RESTORE", command.count >= 4, let end = Self.number(command[2]), end >= 0,
      end == 0 || command.dropFirst(4).contains(where: { $0 == redisWord("ABSTTL") })
    else {
      throw TransferFormatError(
        "command \(number) is \(verb.prefix(20)), and an export holds SELECT and RESTORE with ABSTTL only",
        suggestion: "take a file that drydock resources export wrote")
    }
    count += 1
    let staged = redisWord("\(prefix)\(count)")
    queue([redisWord("RESTORE"), staged, Self.day, command[3], redisWord("REPLACE")], number)
    queue([redisWord("RPUSH"), list, staged, command[1], redisWord(end)], number)
    if databases.insert(database).inserted { queue([redisWord("PEXPIRE"), list, Self.day], number) }
    if pendingBytes > 1 << 20 { try await flush() }
  }

  /// What lists the staged keys of a database: of each the staged name, its own, and when it ends in milliseconds since 1970,
  /// 0 for never.
  private var list: [UInt8] { redisWord("\(prefix)0") }

  private func queue(_ command: [[UInt8]], _ number: Int) {
    pending.append((command, number))
    pendingBytes += command.reduce(0) { $0 + $1.count }
  }

  private static func number(_ word: [UInt8]) -> Int? { Int(String(decoding: word, as: UTF8.self)) }

  /// Has the server take what was added.
  func flush() async throws {
    let batch = pending
    pending = []
    pendingBytes = 0
    let answers = try await session.ask(batch.map(\.command))
    for (answer, (_, number)) in zip(answers, batch) {
      guard case .error(let message) = answer else { continue }
      // Any other word is about the server: no room on its disk or in its memory.
      guard message.hasPrefix("ERR ") else { throw redisFailure(message) }
      throw TransferFormatError(
        "the server refuses command \(number): \(message)",
        suggestion: "the export is damaged, or was made by a newer redis")
    }
  }

  /// Gives all keys their own names, at once.
  /// - Parameter replacing: Whether every key goes that no import has staged.
  func commit(replacing: Bool) async throws {
    let cleared = replacing ? try await session.databases() : []
    guard !databases.isEmpty || !cleared.isEmpty else { return }
    let command = [redisWord("EVAL"), redisWord(Self.step), redisWord(1), list, redisWord(cleared.count)]
    // However many keys there are, it is one step; a million takes seconds.
    let answers = try await session.ask(
      [command + (cleared + databases.sorted()).map { redisWord($0) }], patience: .seconds(900))
    for case .error(let message) in answers { throw redisFailure(message) }
  }

  /// As a script it is one step, as a transaction would be, and neither side holds all of its commands. A server that takes
  /// no writes refuses it before the first.
  private static let step = """
    local cleared = tonumber(ARGV[1])
    for place = 2, cleared + 1 do
      redis.call('SELECT', ARGV[place])
      local cursor = '0'
      repeat
        local found = redis.call('SCAN', cursor, 'COUNT', 1000)
        cursor = found[1]
        for _, name in ipairs(found[2]) do
          if not string.find(name, '^\(family)%d+:%d+$') then redis.call('UNLINK', name) end
        end
      until cursor == '0'
    end
    for place = cleared + 2, #ARGV do
      redis.call('SELECT', ARGV[place])
      repeat
        local part = redis.call('LRANGE', KEYS[1], 0, 2999)
        for i = 1, #part, 3 do
          redis.call('RENAME', part[i], part[i + 1])
          if part[i + 2] == '0' then redis.call('PERSIST', part[i + 1])
          else redis.call('PEXPIREAT', part[i + 1], part[i + 2]) end
        end
        redis.call('LTRIM', KEYS[1], 3000, -1)
      until #part == 0
    end
    """

  /// Removes what was staged; what cannot be removed now ends by itself.
  func discard() async {
    let (databases, pattern) = (self.databases, prefix + "*")
    guard !databases.isEmpty else { return }
    try? await shieldedFromCancellation { [target] in
      let session = try await RedisSession(to: target)
      for database in databases {
        _ = try await session.ask("SELECT", "\(database)")
        try await session.scan("MATCH", pattern, "COUNT", "1000") { names in
          _ = try await session.ask(names.map { [redisWord("DEL"), $0] })
        }
      }
    }
  }
}
