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

  /// How many keys are looked at at a time.
  private static let batch = 50
  /// How much of the server's memory the values that lie here together may take there; one that is larger lies here alone.
  private static let most = 8 << 20

  /// Exports every key of every database.
  package func export(to sink: @Sendable ([UInt8]) async throws -> Void) async throws {
    let session = try await RedisSession(to: target)
    for database in try await session.databases() {
      _ = try await session.ask("SELECT", "\(database)")
      try await sink(RedisSession.encode([redisWord("SELECT"), redisWord(database)]))
      try await session.scan("COUNT", "\(Self.batch)") { names in
        // What an import has staged, or left behind, is no data.
        let names = names.filter { RedisStaging.owner(of: $0) == nil }
        for part in try await parts(names, session) { try await write(part, session, sink) }
      }
    }
  }

  /// Keys whose values may lie in memory together. A server that tells no sizes has them asked for one by one.
  private func parts(_ names: [[UInt8]], _ session: RedisSession) async throws -> [[[UInt8]]] {
    let sizes = try await session.ask(names.map { [redisWord("MEMORY"), redisWord("USAGE"), $0] })
    var parts: [[[UInt8]]] = []
    var sum = Int.max
    for (name, answer) in zip(names, sizes) {
      let size = if case .integer(let size) = answer { size } else { Self.most }
      if sum < Self.most, size < Self.most - sum {
        parts[parts.count - 1].append(name)
        sum += size
      } else {
        parts.append([name])
        sum = size
      }
    }
    return parts
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

  /// Imports an export; keys that it does not name stay as they are, unless it is to replace all.
  package func load(from source: @Sendable () async throws -> [UInt8]?, replacing: Bool) async throws {
    let staging = RedisStaging(try await RedisSession(to: target), target)
    do {
      try await staging.begin()
      try await read(from: source, into: staging)
      try await staging.commit(replacing: replacing)
    } catch {
      await staging.discard()
      throw error
    }
  }

  private func read(from source: @Sendable () async throws -> [UInt8]?, into staging: RedisStaging)
    async throws
  {
    var reader = RedisCommandReader()
    var isFirst = true
    while let bytes = try await source() {
      if isFirst, bytes.starts(with: Array("REDIS0".utf8)) { throw Self.snapshot(target) }
      isFirst = false
      reader.feed(bytes)
      while let command = try reader.next() { try await staging.add(command, number: reader.count) }
      try await staging.flush()
    }
    guard reader.isComplete else {
      throw TransferFormatError(
        "the export ends inside of command \(reader.count + 1)", suggestion: "the file was cut short")
    }
  }

  /// An RDB: a server of its own reads it, and hands its keys over.
  private static func snapshot(_ target: ProbeTarget) -> TransferFormatError {
    TransferFormatError(
      "this is an RDB file, which no server takes in while it runs",
      suggestion: """
        have a server of its own read it and hand over its keys: redis-server --port 7777 --dir "$PWD" \
        --dbfilename FILE --save '' & sleep 5; redis-cli -p 7777 --scan | xargs -d '\\n' redis-cli -p 7777 \
        MIGRATE 127.0.0.1 \(target.port) '' 0 60000 COPY REPLACE KEYS; redis-cli -p 7777 SHUTDOWN NOSAVE
        """)
  }
}
