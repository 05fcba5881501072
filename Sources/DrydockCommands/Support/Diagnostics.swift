import Essentials
import Logging
import Synchronization
import TerminalProgress

/// The log of what drydock does: silent, unless `--verbose` or `DRYDOCK_LOG` asks for it, and on standard error.
///
/// What is logged holds no secret: no variable, argument, input or body is handed to a log. There is one log for a whole
/// process, so this is one of the few things that are global.
enum Diagnostics {
  /// What is shown; nil for nothing.
  private static let level = Mutex<Logger.Level?>(nil)
  /// Nothing waits for who reads the log.
  private static let writer = LossyWriter(descriptor: STDERR_FILENO)

  /// Takes over what the libraries log. To be called once, before anything is logged.
  /// - Parameter name: What is shown: `debug`, `info` and so on. Nothing, where it is nil or no level.
  static func begin(_ name: String?) {
    let wanted = name.flatMap { Logger.Level(rawValue: $0.lowercased()) }
    level.withLock { $0 = wanted }
    LoggingSystem.bootstrap { Handler(label: $0) }
  }

  /// Shows everything that is of use to find a fault.
  static func showAll() { level.withLock { $0 = min($0 ?? .debug, .debug) } }

  /// Whether anything is shown, between which nothing may be drawn.
  static var isShown: Bool { level.withLock { $0 } != nil }

  /// Waits a moment until what was logged is read.
  static func flush() async {
    if isShown { await writer.flush() }
  }

  /// One line an event: when, where from, what, and its values.
  static func line(_ text: String, _ values: [String: String], label: String, at time: Date) -> String {
    let parts = [text] + values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let stamp = time.formatted(.iso8601.time(includingFractionalSeconds: true))
    return "\(stamp) \(label): \(TerminalText.line(parts.joined(separator: " ")))\n"
  }

  private struct Handler: LogHandler {
    let label: String
    var metadata: Logger.Metadata = [:]
    /// The same for all, whenever a logger was made.
    var logLevel: Logger.Level {
      get { Diagnostics.level.withLock { $0 } ?? .critical }
      set {}
    }

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      guard Diagnostics.isShown else { return }
      let values = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues(\.description)
      Diagnostics.writer.write(
        Diagnostics.line(event.message.description, values, label: label, at: .now))
    }
  }
}
