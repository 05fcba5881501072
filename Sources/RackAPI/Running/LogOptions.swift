import Essentials
import LocalServer
import NIOHTTP1
import NativeProcess
import Services

/// What of a log is wanted, as the tool says in the headers of a log stream.
struct LogOptions: Sendable {
  /// How far back, in seconds.
  let since: Double
  /// Whether that was said, rather than a rack's usual two minutes.
  let namesSince: Bool
  /// How many lines of the past at most.
  let tail: Int?
  /// Whether it goes on.
  let follows: Bool
  /// Whether each line begins with its time and process.
  let hasPrefix: Bool
  let filter: LogFilter

  /// - Throws: `HTTPFailure` for values that are none.
  init(_ headers: HTTPHeaders) throws {
    let text = headers.first(name: "Since")
    guard let seconds = LogSpan.seconds(text ?? "2m") else {
      throw HTTPFailure(.badRequest, "since takes a span such as 10m or 2h30m, not \(text ?? "")")
    }
    (since, namesSince) = (seconds, text != nil)
    let lines = headers.first(name: "Tail")
    tail = lines.flatMap { Int($0) }
    guard (tail ?? 0) >= 0, lines == nil || tail != nil else {
      throw HTTPFailure(.badRequest, "tail takes a number of lines from 0, not \(lines ?? "")")
    }
    follows = headers.first(name: "Follow") != "false"
    hasPrefix = headers.first(name: "Prefix") == "true"
    filter = try LogFilter(headers.first(name: "Filter") ?? "")
  }

  /// The first moment.
  var begin: LogTime { LogTime(Date(timeIntervalSinceNow: -since)) }
}

/// Writes lines as a rack does: `2026-01-31T12:00:00Z service/web/web.1 text`.
struct LogLineWriter: Sendable {
  let options: LogOptions
  private var second: Int64 = .min
  private var stamp = ""

  init(_ options: LogOptions) { self.options = options }

  /// The lines that the pattern selects, each with its end.
  mutating func bytes(_ lines: [NamedLine]) -> [UInt8] {
    var bytes: [UInt8] = []
    for line in lines where options.filter.selects(line.line.text) {
      if options.hasPrefix { bytes += Array(prefix(line).utf8) }
      bytes += line.line.bytes.last == UInt8(ascii: "\r") ? line.line.bytes.dropLast() : line.line.bytes[...]
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }

  private mutating func prefix(_ line: NamedLine) -> String {
    let now = line.line.time.nanoseconds.floored(by: 1_000_000_000)
    if now != second {
      second = now
      stamp = Date(timeIntervalSince1970: Double(now)).formatted(.iso8601)
    }
    let replica = ServiceReplica(name: line.name)
    let kind = replica?.isOfTimer == true ? "timer" : "service"
    return "\(stamp) \(kind)/\(replica?.service ?? line.name)/\(line.name) "
  }
}

extension Int64 {
  /// The quotient, rounded down.
  fileprivate func floored(by divisor: Int64) -> Int64 {
    self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
  }
}
