import DrydockBase

/// One of the processes or containers that a service has: `web.1` is the first of `web`.
package struct ServiceReplica: Sendable, Hashable, Codable, Comparable {
  /// The service's name.
  package let service: String
  /// Its number among them, from 1; 0 for a command that is run once beside them, such as a hook;
  /// below 0 for a run of the timer of that name, of which there may be several at once;
  /// above `firstRun` for a command that somebody runs once as the service's.
  package let number: Int

  /// Below the number of the first command that somebody runs.
  private static let firstRun = 1_000_000

  /// A replica of a service.
  package init(service: String, number: Int) {
    self.service = service
    self.number = number
  }

  /// What it is called in listings and logs.
  package var name: String { "\(service).\(Self.suffix(number))" }

  private static func number(_ suffix: String) -> Int? {
    switch suffix {
    case "once": return 0
    case "timer": return -1
    default:
      if suffix.hasPrefix("timer") { return Int(suffix.dropFirst(5)).map { -$0 } }
      if suffix.hasPrefix("run") {
        return Int(suffix.dropFirst(3)).flatMap { (1...firstRun).contains($0) ? firstRun + $0 : nil }
      }
      return Int(suffix)
    }
  }

  private static func suffix(_ number: Int) -> String {
    switch number {
    case 0: "once"
    case -1: "timer"
    case ..<0: "timer\(-number)"
    case (firstRun + 1)...: "run\(number - firstRun)"
    default: "\(number)"
    }
  }

  /// A run of a timer. Its name may be any text, and becomes that of a folder.
  /// - Parameter number: Which of those that go on at the same time, from 1.
  static func run(ofTimer name: String, _ number: Int) -> Self {
    let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".unicodeScalars
    let isPlain =
      !name.isEmpty && name.utf8.count <= 64 && name.unicodeScalars.allSatisfy { letters.contains($0) }
    return Self(service: isPlain ? name : Slug.make(name), number: -number)
  }

  /// A command that somebody runs once as a service's: `web.run1`.
  /// - Parameter number: Which of those that go on at the same time, from 1.
  static func run(of service: String, _ number: Int) -> Self {
    Self(service: service, number: firstRun + number)
  }

  /// Whether it is a timer's run.
  package var isOfTimer: Bool { number < 0 }
  /// Whether it is one of the service's own, which the supervisor keeps.
  package var isKept: Bool { (1...Self.firstRun).contains(number) }

  /// A replica by its name; nil for any other text.
  package init?(name: String) {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, let number = Self.number(String(parts[1])) else { return nil }
    self.init(service: String(parts[0]), number: number)
    // One way to write it.
    guard self.name == name else { return nil }
  }

  /// Orders by service, then by number.
  package static func < (left: ServiceReplica, right: ServiceReplica) -> Bool {
    left.service == right.service ? left.number < right.number : left.service < right.service
  }
}

/// Where a replica is reached from this machine.
package struct ReplicaEndpoint: Sendable, Hashable, Codable {
  /// An address, not a name.
  package let host: String
  /// A TCP port.
  package let port: Int

  /// An endpoint.
  package init(host: String = "127.0.0.1", port: Int) {
    self.host = host
    self.port = port
  }
}
