import MonotonicTime

/// A redis's keys as a stream of its own commands: `SELECT` a database, `RESTORE` each key with the moment at which it
/// ends. Values are what `DUMP` gives, so every type and every byte stays; a newer server reads what an older one wrote.
///
/// An RDB would be one moment's picture, but no server takes one in while it runs. This stream is none: keys that change
/// during the export are taken as they are when their turn comes.
package struct RedisTransfer: ServerTransfer {
  let target: ProbeTarget

  /// The transfer of a server's data.
  package init(target: ProbeTarget) {
    self.target = target
  }

  /// How many keys are asked for at a time, whose values lie in memory together.
  private static let batch = 50

  /// Exports every key of every database.
  package func export(to sink: @Sendable ([UInt8]) async throws -> Void) async throws {
    let session = try await RedisSession(to: target)
    for database in try await session.databases() {
      _ = try await session.ask("SELECT", "\(database)")
      try await sink(RedisSession.encode([redisWord("SELECT"), redisWord(database)]))
      try await session.scan("COUNT", "\(Self.batch)") { names in
        // What an import has staged, or left behind, is no data.
        try await write(names.filter { RedisStaging.owner(of: $0) == nil }, session, sink)
      }
    }
  }

  private func write(
    _ names: [[UInt8]], _ session: RedisSession, _ sink: @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    guard !names.isEmpty else { return }
    let questions = names.flatMap { [[redisWord("DUMP"), $0], [redisWord("PTTL"), $0]] }
    let answers = try await session.ask([[redisWord("TIME")]] + questions)
    for (index, name) in names.enumerated() {
      if case .error(let message) = answers[2 * index + 1] { throw redisFailure(message) }
      // A key that has ended meanwhile has no value any more.
      guard case .bytes(let value) = answers[2 * index + 1],
        let end = Self.end(answers[2 * index + 2], now: answers[0])
      else { continue }
      try await sink(
        RedisSession.encode([
          redisWord("RESTORE"), name, redisWord(end), value, redisWord("REPLACE"), redisWord("ABSTTL"),
        ]))
    }
  }

  /// When a key ends, in milliseconds since 1970; 0 for never, nil for a key that is gone.
  private static func end(_ left: RedisValue, now: RedisValue) -> Int? {
    guard case .integer(let left) = left, left != -2 else { return nil }
    guard left >= 0 else { return 0 }
    guard case .array(let parts) = now, parts.count == 2 else { return nil }
    let numbers = parts.map { part -> Int in
      if case .bytes(let digits) = part { Int(String(decoding: digits, as: UTF8.self)) ?? 0 } else { 0 }
    }
    return numbers[0] * 1000 + numbers[1] / 1000 + left
  }

  /// Imports an export; keys that it does not name stay as they are.
  package func load(from source: @Sendable () async throws -> [UInt8]?) async throws {
    let staging = RedisStaging(try await RedisSession(to: target), target)
    do {
      try await staging.begin()
      try await read(from: source, into: staging)
      try await staging.commit()
    } catch {
      await staging.discard()
      throw error
    }
  }

  private func read(from source: @Sendable () async throws -> [UInt8]?, into staging: RedisStaging)
    async throws
  {
    var reader = RedisCommandReader()
    while let bytes = try await source() {
      reader.feed(bytes)
      while let command = try reader.next() { try await staging.add(command, number: reader.count) }
      try await staging.flush()
    }
    guard reader.isComplete else {
      throw TransferFormatError(
        "the export ends inside of command \(reader.count + 1)", suggestion: "the file was cut short")
    }
  }
}
