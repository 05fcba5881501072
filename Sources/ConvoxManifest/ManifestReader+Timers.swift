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
      manifest.timers.append(
        Timer(
          name: name, service: string(value("service", pairs)), schedule: string(value("schedule", pairs)),
          command: string(value("command", pairs))))
    }
  }
}
