import DrydockBase
import MonotonicTime

/// The lines of several logs in the order of their times, and then those that are written, for as long as somebody asks.
///
/// Where the system tells of changes (inotify), nothing is done until there is one.
package actor LineFollower {
  private var merge: LogMerge
  private let watch = FolderWatch()

  /// Begins to follow; logs that are not there yet are waited for.
  package init(_ sources: [LogSource], from start: LogStart) {
    // Before the first read, so that no change is missed between the two.
    watch.set(Self.folders(sources))
    merge = LogMerge(sources, from: start)
  }

  /// Goes on with these logs: what is new among them is read from its beginning on, what is missing no more.
  package func set(_ sources: [LogSource]) {
    watch.set(Self.folders(sources))
    merge.set(sources)
  }

  /// The next lines, some at least; nil once the task is cancelled.
  package func next() async -> [NamedLine]? {
    while !Task.isCancelled {
      let lines = merge.next()
      if !lines.isEmpty { return lines }
      await watch.waitForChange()
    }
    return nil
  }

  /// What there is by now, without waiting; nothing at the end.
  package func rest() -> [NamedLine] { merge.next() }

  private static func folders(_ sources: [LogSource]) -> Set<String> {
    Set(sources.map { String($0.path.prefix(upTo: $0.path.lastIndex(of: "/") ?? $0.path.startIndex)) })
  }
}

/// All lines of some logs within a time, in order.
/// - Parameters:
///   - since: The first moment; nil for all that there is.
///   - until: The last one; nil for all that there is.
///   - take: Gets them in portions.
package func readLines(
  of sources: [LogSource], since: LogTime? = nil, until: LogTime? = nil,
  _ take: ([NamedLine]) throws -> Void
) rethrows {
  var merge = LogMerge(sources, from: .time(since ?? .distantPast))
  while true {
    let lines = merge.next()
    if lines.isEmpty { return }
    let wanted = until.map { until in lines.filter { $0.line.time <= until } } ?? lines
    if !wanted.isEmpty { try take(wanted) }
    // The clock may have been put back by a little, not by much.
    if let until, let first = lines.first, first.line.time.nanoseconds > until.nanoseconds + 60_000_000_000 {
      return
    }
  }
}

/// The last lines of some logs together, in order.
package func lastLines(of sources: [LogSource], _ count: Int) -> [NamedLine] {
  guard count > 0 else { return [] }
  var merge = LogMerge(sources, from: .last(count))
  return merge.next()
}

/// The lines of some logs that there are by now, in order and in portions.
package actor LogPortions {
  private var merge: LogMerge

  /// - Parameter since: The first moment; nil for all that there is.
  package init(_ sources: [LogSource], since: LogTime?) {
    merge = LogMerge(sources, from: .time(since ?? .distantPast))
  }

  /// The next portion; nil at the end.
  package func next() -> [NamedLine]? {
    let lines = Task.isCancelled ? [] : merge.next()
    return lines.isEmpty ? nil : lines
  }
}
