import MonotonicTime
package import NativeProcess

/// What an app's services write, and the runs of its timers.
package struct ServiceLog: Sendable {
  private let folder: ServiceFolder
  private let isWanted: @Sendable (ServiceReplica) -> Bool

  /// - Parameter isWanted: Whose lines are wanted.
  package init(
    _ folder: ServiceFolder, where isWanted: @escaping @Sendable (ServiceReplica) -> Bool = { _ in true }
  ) {
    self.folder = folder
    self.isWanted = isWanted
  }

  private var sources: [LogSource] { folder.replicas.filter(isWanted).map(folder.log) }

  /// The lines that there are by now.
  /// - Parameters:
  ///   - since: The first moment; nil for all that there is.
  ///   - last: How many at most, of which those of the end; nil for all of them.
  ///   - take: Gets them in portions.
  package func read(
    since: LogTime?, last: Int?, _ take: ([NamedLine]) async throws -> Void
  ) async throws {
    if let last {
      let lines = lastLines(of: sources, last).filter { line in since.map { line.line.time >= $0 } ?? true }
      return try await take(Self.written(lines))
    }
    let portions = LogPortions(sources, since: since)
    while let lines = await portions.next() { try await take(Self.written(lines)) }
  }

  /// The lines from a moment on, and those that are written, also by replicas that come later, until the task is cancelled
  /// or `take` throws.
  /// - Parameter toTheEnd: Whether what was written before a cancellation still comes.
  package func follow(
    from start: LogStart, toTheEnd: Bool = false,
    _ take: @escaping @Sendable ([NamedLine]) async throws -> Void
  ) async throws {
    let follower = LineFollower(sources, from: start)
    do {
      try await follow(with: follower, take)
    } catch  where toTheEnd && Task.isCancelled {
      try await shieldedFromCancellation {
        await follower.set(sources)
        while case let lines = await follower.rest(), !lines.isEmpty { try await take(Self.written(lines)) }
      }
    }
  }

  private func follow(
    with follower: LineFollower, _ take: @escaping @Sendable ([NamedLine]) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      group.addTask {
        while let lines = await follower.next() { try await take(Self.written(lines)) }
      }
      group.addTask {
        // Replicas come and go; their folders stay.
        while true {
          try await Task.sleep(for: .milliseconds(200), clock: SuspendingClock())
          await follower.set(sources)
        }
      }
      try await group.next()
      try Task.checkCancellation()
    }
  }

  /// Without what their keepers note.
  private static func written(_ lines: [NamedLine]) -> [NamedLine] {
    lines.filter { $0.line.stream != .event }
  }
}
