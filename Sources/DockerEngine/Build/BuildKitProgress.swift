import DrydockBase

/// Makes events of BuildKit's vertexes: they come several at once, and again with each change.
struct BuildKitProgress: Sendable {
  private struct Known {
    let number: Int
    let step: BuildStep?
    var isStarted = false
    var isEnded = false
    var lines = LineAssembler()
  }

  private var known: [String: Known] = [:]

  mutating func take(_ status: BuildKitStatus) -> [BuildEvent] {
    status.vertexes.flatMap { take($0) } + status.logs.flatMap { take($0) }
  }

  private mutating func take(_ vertex: BuildKitStatus.Vertex) -> [BuildEvent] {
    guard vertex.hasStarted || vertex.isCached || !vertex.error.isEmpty else { return [] }
    var found =
      known[vertex.digest] ?? Known(number: known.count + 1, step: Self.step(vertex.name))
    defer { known[vertex.digest] = found }
    var events: [BuildEvent] = []
    if !found.isStarted {
      found.isStarted = true
      if let step = found.step { events.append(.step(step)) }
      events.append(.text("#\(found.number) \(vertex.name)\n"))
    }
    guard !found.isEnded, vertex.hasCompleted || vertex.isCached || !vertex.error.isEmpty else {
      return events
    }
    found.isEnded = true
    if let rest = found.lines.finish() { events.append(.text("#\(found.number) \(rest)\n")) }
    if vertex.isCached {
      if let step = found.step { events.append(.cached(step)) }
      events.append(.text("#\(found.number) CACHED\n"))
    } else if !vertex.error.isEmpty {
      events.append(.text("#\(found.number) ERROR: \(vertex.error)\n"))
    }
    return events
  }

  private mutating func take(_ log: BuildKitStatus.Log) -> [BuildEvent] {
    guard var found = known[log.vertex] else { return [] }
    defer { known[log.vertex] = found }
    return found.lines.take(log.bytes).map { .text("#\(found.number) \($0)\n") }
  }

  /// `[2/5] RUN make`, `[assets 2/5] RUN make`; nil for the builder's own doings.
  private static func step(_ name: String) -> BuildStep? {
    guard let match = name.prefixMatch(of: #/\[(?:([^\]\s]+) +)?(\d{1,6})/(\d{1,6})\] (.*)/#),
      let number = Int(match.2), let total = Int(match.3)
    else { return nil }
    return BuildStep(
      number: number, total: total, stage: match.1.map { String($0) }, instruction: String(match.4))
  }
}
