import Essentials
package import MonotonicTime

/// Proves a memcached server by `version` and `stats` of its text protocol.
package struct MemcachedProbe: HealthProbe {
  /// The server asked. User, password and database are not used: the protocol has none.
  package let target: ProbeTarget

  /// A probe of one server.
  package init(target: ProbeTarget) {
    self.target = target
  }

  /// What is probed, as messages name it.
  package var name: String { "memcached at \(target.address)" }

  /// Connects, asks and disconnects.
  /// - Throws: `ProbeFailure` or `CancellationError`.
  package func attempt(until deadline: Deadline) async throws -> ServerReport {
    let stream = try await SocketStream(to: target, until: deadline)
    try await stream.send(Array("version\r\nstats\r\n".utf8), until: deadline)
    var lines = MemcachedLines()
    while !lines.isComplete {
      try lines.add(try await stream.receive(until: deadline))
    }
    return try lines.report()
  }
}

/// The answer to `version` and `stats`, checked as it comes.
struct MemcachedLines {
  private static let limit = 256 * 1024

  private var pending: [UInt8] = []
  private var lines: [String] = []

  /// Whether the last line has come.
  var isComplete: Bool { lines.last == "END" }

  /// Takes bytes as they were received.
  /// - Throws: `ProbeFailure.wrongProtocol` once they cannot be memcached's answer.
  mutating func add(_ bytes: [UInt8]) throws(ProbeFailure) {
    pending += bytes
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(String(decoding: pending[..<end], as: UTF8.self).trimmed())
      pending.removeFirst(end + 1)
    }
    let start = lines.first.map { Array($0.utf8) } ?? pending
    let expected = Array("VERSION ".utf8)
    guard start.starts(with: expected.prefix(start.count)), pending.count < Self.limit, lines.count < 10_000
    else { throw .wrongProtocol(message: "the answer is not memcached's") }
  }

  /// What the lines say.
  func report() throws(ProbeFailure) -> ServerReport {
    let stats = Dictionary(
      lines.compactMap { line -> (String, String)? in
        let words = line.split(separator: " ", maxSplits: 2).map(String.init)
        return words.count == 3 && words[0] == "STAT" ? (words[1], words[2]) : nil
      }, uniquingKeysWith: { $1 })
    guard let version = lines.first?.dropFirst("VERSION ".count), let processID = stats["pid"] else {
      throw .wrongProtocol(message: "stats names no process")
    }
    let uptime = stats["uptime"].flatMap(Double.init)
    return ServerReport(
      flavour: .memcached, version: String(version), processID: Int(processID),
      startTime: uptime.map { Date(timeIntervalSinceNow: -$0) }, uptimeSeconds: uptime)
  }
}
