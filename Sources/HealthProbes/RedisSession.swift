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
  func ask(_ commands: [[[UInt8]]]) async throws -> [RedisValue] {
    guard !commands.isEmpty else { return [] }
    try await stream.send(commands.flatMap(Self.encode), until: .after(Self.patience))
    var answers: [RedisValue] = []
    answers.reserveCapacity(commands.count)
    while answers.count < commands.count {
      if let answer = try reader.nextValue() {
        answers.append(answer)
      } else {
        reader.feed(try await stream.receive(until: .after(Self.patience)))
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
