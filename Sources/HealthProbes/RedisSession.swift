import MonotonicTime

/// A longer conversation with redis: many commands at once, their answers in order.
struct RedisSession {
  private let stream: any ByteStream
  private let reader: RedisReader
  /// How long the server may take over an answer.
  private static let patience = Duration.seconds(60)

  /// Connects and logs in where a password is given.
  init(to target: ProbeTarget) async throws {
    let stream = try await connect(to: target, until: .after(.seconds(10)))
    let reader = try RedisReader()
    self.stream = stream
    self.reader = reader
    if !target.password.isEmpty {
      let login = RedisConnection(stream: stream, reader: reader)
      _ = try await login.ask(["AUTH", target.password], until: .after(Self.patience))
    }
  }

  /// Sends commands and gives their answers, errors among them.
  /// - Parameter patience: How long the server may take over an answer.
  func ask(_ commands: [[[UInt8]]], patience: Duration = Self.patience) async throws -> [RedisValue] {
    guard !commands.isEmpty else { return [] }
    try await stream.send(commands.flatMap(Self.encode), until: .after(patience))
    var answers: [RedisValue] = []
    answers.reserveCapacity(commands.count)
    while answers.count < commands.count {
      if let answer = try reader.nextValue() {
        answers.append(answer)
      } else {
        reader.feed(try await stream.receive(until: .after(patience)))
      }
    }
    return answers
  }

  /// Sends one command; an error that it gets is thrown.
  func ask(_ words: String...) async throws -> RedisValue {
    let answer = try await ask([words.map { Array($0.utf8) }]).first ?? .null
    if case .error(let message) = answer { throw redisFailure(message) }
    return answer
  }

  /// The databases that hold keys; the first where none does.
  func databases() async throws -> [Int] {
    guard case .bytes(let bytes) = try await ask("INFO", "keyspace") else { return [] }
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    let found = lines.compactMap { $0.hasPrefix("db") ? Int($0.dropFirst(2).prefix { $0.isNumber }) : nil }
    return found.isEmpty ? [0] : found
  }

  /// Goes through the keys of the database at hand, a page at a time.
  /// - Parameter how: Further words for `SCAN`.
  func scan(_ how: String..., each: ([[UInt8]]) async throws -> Void) async throws {
    var cursor = "0"
    repeat {
      let command = (["SCAN", cursor] + how).map { redisWord($0) }
      guard let answer = try await ask([command]).first else { return }
      if case .error(let message) = answer { throw redisFailure(message) }
      guard case .array(let page) = answer, page.count == 2, case .bytes(let next) = page[0],
        case .array(let keys) = page[1]
      else { throw ProbeFailure.wrongProtocol(message: "the answer to SCAN is not a page of keys") }
      cursor = String(decoding: next, as: UTF8.self)
      try await each(keys.compactMap { key in if case .bytes(let name) = key { name } else { nil } })
    } while cursor != "0"
  }

  /// A command in redis's wire format.
  static func encode(_ words: [[UInt8]]) -> [UInt8] {
    words.reduce(into: Array("*\(words.count)\r\n".utf8)) { command, word in
      command += Array("$\(word.count)\r\n".utf8)
      command += word
      command += [0x0d, 0x0a]
    }
  }
}

/// A word of a command.
func redisWord(_ text: some CustomStringConvertible) -> [UInt8] { Array(text.description.utf8) }
