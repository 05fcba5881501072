/// `health:`.
extension ManifestReader {
  /// `health:` with the parser's defaults.
  mutating func health(_ node: YAMLNode?, of service: String) -> ServiceHealth {
    var health = ServiceHealth()
    var (grace, timeout): (Int?, Int?)
    let owner = "health of service \(service)"
    switch node?.content {
    case nil: break
    case _ where node?.isNull == true: break
    case .mapping(let pairs)?:
      warnUnknown(
        pairs, known: ["grace", "interval", "path", "timeout"], in: owner, v3: ["disable", "port"])
      grace = integerOrIgnored("grace", pairs, in: owner)
      timeout = integerOrIgnored("timeout", pairs, in: owner)
      if case .boolean(let value)? = value("disable", pairs)?.scalar?.resolved { health.isDisabled = value }
      if let interval = integerOrIgnored("interval", pairs, in: owner), interval != 0 {
        health.interval = interval
      }
      if let path = value("path", pairs), !path.isNull {
        if case .string(let text)? = path.scalar?.resolved {
          if !text.isEmpty { health.path = text }
        } else {
          warn("Convox ignores path in \(owner): it takes a text there", at: path.offset, "quote it")
        }
      }
    case .scalar(let scalar)?:
      if case .string(let text) = scalar.resolved {
        if !text.isEmpty { health.path = text }
        break
      }
      fail(
        "unknown type for service health: \(scalar.resolved.goType)", at: scalar.offset,
        "write a path, or a map of path, grace, interval and timeout")
    case .sequence?:
      fail("unknown type for service health: []interface {}", at: node?.offset ?? 0, "write a path or a map")
    }
    health.grace = grace.flatMap { $0 == 0 ? nil : $0 } ?? health.interval
    health.timeout = timeout.flatMap { $0 == 0 ? nil : $0 } ?? health.interval - 1
    return health
  }
}
