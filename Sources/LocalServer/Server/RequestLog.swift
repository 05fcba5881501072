import Foundation
import NIOHTTP1
import TerminalProgress

/// A line for each request: when, what, how it ended, how long it took.
///
/// Neither queries nor headers nor bodies are in it, since these may hold secrets.
package struct RequestLog: Sendable {
  private let write: @Sendable (String) -> Void

  /// A log that hands its lines, without line feeds, to `write`.
  package init(write: @escaping @Sendable (String) -> Void) {
    self.write = write
  }

  /// A log on standard error. No request waits for who reads it.
  package static let standardError: RequestLog = {
    let writer = LossyWriter(descriptor: STDERR_FILENO)
    return RequestLog { writer.write($0 + "\n") }
  }()

  func note(_ head: HTTPRequestHead, _ status: String, _ duration: Duration) {
    let path = head.uri.prefix { $0 != "?" }.prefix(200)
    let milliseconds = duration / .milliseconds(1)
    note("\(head.method.rawValue) \(Self.printable(path)) \(status) \(Int(milliseconds)) ms")
  }

  /// Notes something else than a request.
  package func note(_ text: String) {
    write("\(Date.now.formatted(.iso8601)) \(TerminalText.line(text))")
  }

  /// Without what could pretend to be another line.
  private static func printable(_ text: some StringProtocol) -> String {
    String(text.unicodeScalars.map { $0.isASCII && $0.value > 0x20 && $0.value < 0x7f ? Character($0) : "?" })
  }
}
