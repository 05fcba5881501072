package import Essentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A moment by the wall clock, to the nanosecond, as logs have it.
package struct LogTime: Sendable, Hashable, Comparable, Codable {
  /// Nanoseconds since 1970.
  package let nanoseconds: Int64

  /// A moment by its nanoseconds since 1970.
  package init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// A moment by its date, which is less exact.
  package init(_ date: Date) {
    nanoseconds = Int64(clamping: Int(max(-9e18, min(9e18, date.timeIntervalSince1970 * 1e9))))
  }

  /// Before every other.
  package static let distantPast = LogTime(nanoseconds: .min)

  /// The moment now.
  package static var now: LogTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return LogTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// The same moment as a date.
  package var date: Date { Date(timeIntervalSince1970: Double(nanoseconds) / 1e9) }

  /// Orders by time.
  package static func < (left: LogTime, right: LogTime) -> Bool { left.nanoseconds < right.nanoseconds }
}

/// A line of a service's log.
package struct LogLine: Sendable, Hashable {
  /// Who wrote it.
  package enum Stream: String, Sendable, Hashable, Codable, CaseIterable {
    /// The service, to its standard output or its terminal.
    case output = "o"
    /// The service, to its standard error.
    case error = "e"
    /// Not the service: its keeper or its supervisor.
    case event = "s"
  }

  /// The longest line that is put together, in bytes; what goes on comes as another. Whoever reads a log has it in memory
  /// several times over.
  package static let limit = 4 << 20

  /// When it was read from the service.
  package let time: LogTime
  /// Who wrote it.
  package let stream: Stream
  /// The line without its end, any bytes.
  package let bytes: [UInt8]

  /// A line.
  package init(time: LogTime, stream: Stream, bytes: [UInt8]) {
    self.time = time
    self.stream = stream
    self.bytes = bytes
  }

  /// The line as text, without a carriage return at its end; bytes that are not UTF-8 are replaced.
  package var text: String { NativeProcess.text(ofLine: bytes) }
}
