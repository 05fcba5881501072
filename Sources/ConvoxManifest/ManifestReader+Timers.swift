/// `timers:`.
extension ManifestReader {
  mutating func readTimers(_ node: YAMLNode?) {
    for pair in pairs(node, type: "yaml.MapSlice") ?? [] {
      guard let name = name(pair.key), let pairs = pairs(pair.value, type: "manifest.Timer") else { continue }
      warnUnknown(
        pairs, known: ["command", "policies", "schedule", "service"], in: "timer \(name)",
        v3: ["annotations", "concurrency", "parallelCount"])
      _ = strings(value("policies", pairs))
      manifest.places[.timer(name)] = source.location(of: pair.key.offset)
      manifest.places[.timerService(name)] = value("service", pairs).map { source.location(of: $0.offset) }
      manifest.places[.timerSchedule(name)] = value("schedule", pairs).map { source.location(of: $0.offset) }
      var timer = Timer(
        name: name, service: string(value("service", pairs)), schedule: string(value("schedule", pairs)),
        command: string(value("command", pairs)))
      timer.concurrency = concurrency(value("concurrency", pairs))
      timer.parallelCount = integer(value("parallelCount", pairs)).flatMap { $0 > 0 ? $0 : nil }
      manifest.timers.append(timer)
    }
  }

  private mutating func concurrency(_ node: YAMLNode?) -> Timer.Concurrency {
    guard let text = string(node), !text.isEmpty else { return .allow }
    if let known = Timer.Concurrency(rawValue: text) { return known }
    let words = Timer.Concurrency.allCases.map(\.rawValue)
    failAtDeploy(
      "concurrency is one of \(words.joined(separator: ", ")), not `\(text)`", at: node?.offset ?? 0,
      refusals.didYouMean(.error, text, in: words))
    return .allow
  }
}
