import Essentials
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
    let milliseconds = duration / .milliseconds(1)
    note("\(Self.request(head)) \(status) \(Int(milliseconds)) ms")
  }

  /// Notes why a conversation that was begun cannot go on.
  func note(_ head: HTTPRequestHead, _ failure: String) {
    note("\(Self.request(head)): \(failure)")
  }

  /// Notes something else than a request.
  package func note(_ text: String) {
    write("\(Date.now.formatted(.iso8601)) \(TerminalText.line(text))")
  }

  private static func request(_ head: HTTPRequestHead) -> String {
    "\(head.method.rawValue) \(printable(head.uri.prefix { $0 != "?" }.prefix(200)))"
  }

  /// Without what could pretend to be another line.
  private static func printable(_ text: some StringProtocol) -> String {
    String(text.unicodeScalars.map { $0.isASCII && $0.value > 0x20 && $0.value < 0x7f ? Character($0) : "?" })
  }
}
