/// A log, and what its lines are called by: a service's replica.
package struct LogSource: Sendable, Hashable {
  /// What the lines are called by, such as `web.1`.
  package let name: String
  /// The path of its log.
  package let path: String

  /// A log by its path.
  package init(name: String, path: String) {
    self.name = name
    self.path = path
  }
}

/// A line and whose it is.
package struct NamedLine: Sendable, Hashable {
  /// The source's name.
  package let name: String
  /// The line.
  package let line: LogLine
}

/// Where a reading of logs begins.
package enum LogStart: Sendable, Hashable {
  /// At what is written from now on.
  case end
  /// So many lines before the end, of all logs together.
  case last(Int)
  /// At a time; the distant past for all that there is.
  case time(LogTime)
}

/// Lines of several logs in the order of their times.
///
/// A line is held back until every other log is read up to its time, so that a large log does not overtake a small one.
struct LogMerge {
  private struct Reading {
    let source: LogSource
    let reader: LineLogReader
    /// Lines that are still to be put in order.
    var waiting: [LogLine] = []
    var isAtEnd = false
  }

  private var readings: [Reading] = []
  /// What comes before everything.
  private var first: [NamedLine] = []

  init(_ sources: [LogSource], from start: LogStart) {
    switch start {
    case .end: readings = sources.map { Self.atEnd($0, 0).reading }
    case .last(let count):
      let ends = sources.map { Self.atEnd($0, count) }
      readings = ends.map(\.reading)
      first = inOrder(ends.map { (name: $0.reading.source.name, lines: $0.lines) }).suffix(count)
    case .time(let time):
      readings = sources.map { Reading(source: $0, reader: LineLogReader(path: $0.path, since: time)) }
    }
  }

  private static func atEnd(_ source: LogSource, _ count: Int) -> (reading: Reading, lines: [LogLine]) {
    var lines: [LogLine] = []
    let reader = LineLogReader(path: source.path, last: count, lines: &lines)
    return (Reading(source: source, reader: reader), lines)
  }

  /// Goes on with these; one that is new is read from its beginning on.
  mutating func set(_ sources: [LogSource]) {
    readings.removeAll { reading in !sources.contains(reading.source) }
    for source in sources where !readings.contains(where: { $0.source == source }) {
      readings.append(Reading(source: source, reader: LineLogReader(path: source.path, since: .distantPast)))
    }
  }

  /// The next lines; none at the end for now.
  mutating func next() -> [NamedLine] {
    defer { first = [] }
    if !first.isEmpty { return first }
    while true {
      let hasRead = readOn()
      let lines = takeOrdered()
      if !lines.isEmpty || !hasRead { return lines }
    }
  }

  /// Reads a portion of each log of which nothing waits. Returns whether there was one.
  private mutating func readOn() -> Bool {
    var hasRead = false
    for index in readings.indices where readings[index].waiting.isEmpty {
      readings[index].isAtEnd = !readings[index].reader.read(into: &readings[index].waiting)
      if !readings[index].isAtEnd { hasRead = true }
    }
    return hasRead
  }

  /// All up to the time to which every log has been read.
  private mutating func takeOrdered() -> [NamedLine] {
    let known = readings.filter { !$0.isAtEnd }.map {
      $0.waiting.map(\.time).max() ?? .distantPast
    }
    .min()
    var parts: [(name: String, lines: [LogLine])] = []
    for index in readings.indices {
      let waiting = readings[index].waiting
      let count =
        known.map { known in waiting.firstIndex { $0.time > known } ?? waiting.count } ?? waiting.count
      parts.append((readings[index].source.name, Array(waiting[..<count])))
      readings[index].waiting.removeFirst(count)
    }
    return inOrder(parts)
  }
}

/// Lines in the order of their times. Those of one log stay as they are, should the clock have been put back.
private func inOrder(_ parts: [(name: String, lines: [LogLine])]) -> [NamedLine] {
  let parts = parts.filter { !$0.lines.isEmpty }
  var lines: [(time: LogTime, line: NamedLine)] = []
  for part in parts {
    var latest = LogTime.distantPast
    for line in part.lines {
      latest = max(latest, line.time)
      lines.append((latest, NamedLine(name: part.name, line: line)))
    }
  }
  guard parts.count > 1 else { return lines.map(\.line) }
  return lines.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
    .map(\.element.line)
}
