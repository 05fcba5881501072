import Essentials
import NativeProcess

/// A line of a service as a syslog message.
///
/// Source: RFC 5424, sections 6 and 6.2 (the header); RFC 6587, 3.4.1, and RFC 5425, 4.3 (octet counting);
/// RFC 5426, 3.1 (a datagram a message).
struct SyslogMessage: Sendable, Hashable {
  /// No more of a line is sent: a datagram holds no more.
  private static let limit = 60_000
  /// Facility "user-level messages", with the severities informational and error.
  private static let (information, failure) = (1 << 3 | 6, 1 << 3 | 3)

  /// The message without what divides it from others.
  let bytes: [UInt8]

  /// A line that a service's replica, or a timer's run, wrote.
  init(_ line: NamedLine, app: String, service: String) {
    let isFailure = line.line.stream == .error
    self.init(
      line.line.bytes, severity: isFailure ? Self.failure : Self.information, time: line.line.time, app: app,
      service: service, process: line.name)
  }

  /// That lines were left out, of which nothing else tells.
  init(dropped count: Int, app: String, at time: LogTime) {
    let text = "\(count) lines were left out: the drain took them too slowly, or was not there"
    self.init(
      Array(text.utf8), severity: Self.failure, time: time, app: app, service: "drydock", process: "drain")
  }

  private init(
    _ text: [UInt8], severity: Int, time: LogTime, app: String, service: String, process: String
  ) {
    let head =
      "<\(severity)>1 \(Self.stamp(time)) \(Self.word(app, 255)) \(Self.word(service, 48)) "
      + "\(Self.word(process, 128)) - - "
    let line = text.last == UInt8(ascii: "\r") ? text.dropLast() : text[...]
    bytes = Array(head.utf8) + line.prefix(Self.limit)
  }

  /// The message as a stream carries it: its length before it.
  var counted: [UInt8] { Array("\(bytes.count) ".utf8) + bytes }

  /// Letters that a header's field may have, so many at most; `-` stands for nothing.
  private static func word(_ text: String, _ limit: Int) -> String {
    let letters = text.utf8.prefix(limit).map { (33...126).contains($0) ? $0 : UInt8(ascii: "_") }
    return letters.isEmpty ? "-" : String(decoding: letters, as: UTF8.self)
  }

  /// `2026-01-31T12:00:00.123456Z`.
  private static func stamp(_ time: LogTime) -> String {
    let (second, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    guard rest >= 0 else { return "-" }
    let whole = Date(timeIntervalSince1970: Double(second)).formatted(.iso8601)
    let digits = "\(rest / 1000 + 1_000_000)".dropFirst()
    return whole.dropLast() + "." + digits + "Z"
  }
}
