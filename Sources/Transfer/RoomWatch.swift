import DrydockBase
import Synchronization

/// Whether a server waits for room on its disk, or ended for want of it. The MySQL family waits for as long as it takes, and
/// says so in its log alone; its clients hear nothing.
package struct RoomWatch: Sendable {
  private let log: @Sendable () async -> [String]
  /// What was in the log before, of another time when there was no room.
  private let known: Set<String>

  /// Begins to watch.
  /// - Parameter log: The server's last lines. An engine that crashes says much after the line that tells why.
  package init(log: @escaping @Sendable () async -> [String]) async {
    self.log = log
    known = Set(await log().filter(WriteRemedy.saysDiskIsFull))
  }

  /// What the server has said since of a full disk, the last of it; nil for nothing.
  package func words() async -> String? {
    await log().last { WriteRemedy.saysDiskIsFull($0) && !known.contains($0) }
  }

  /// Runs `operation`, and tells when the server waits for room meanwhile; once for each time that it says so.
  /// - Parameters:
  ///   - source: What the operation reads; while it is read nothing waits.
  ///   - pause: How often it is looked at.
  package func during<Value: Sendable>(
    reading source: ByteCounter, every pause: Duration = .seconds(2),
    tell: @escaping @Sendable () async -> Void,
    _ operation: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await operation() }
      group.addTask {
        try await look(source, every: pause, tell: tell)
        return nil
      }
      defer { group.cancelAll() }
      while let value = try await group.next() { if let value { return value } }
      throw CancellationError()
    }
  }

  private func look(
    _ source: ByteCounter, every pause: Duration, tell: @Sendable () async -> Void
  ) async throws {
    var (told, seen): (String?, Int) = (nil, -1)
    while true {
      try await Task.sleep(for: pause)
      let count = source.count
      defer { seen = count }
      guard count == seen, let words = await words(), words != told, Self.saysItWaits(words) else { continue }
      told = words
      await tell()
    }
  }

  private static func saysItWaits(_ words: String) -> Bool {
    words.lowercased().contains("waiting for someone to free")
  }
}

/// Counts what is read from a source.
package final class ByteCounter: Sendable {
  private let bytes = Mutex(0)

  package init() {}

  package var count: Int { bytes.withLock { $0 } }
  package func add(_ count: Int) { bytes.withLock { $0 += count } }
}
