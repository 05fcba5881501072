import Dispatch
import DrydockBase
import Emulator
import Essentials
import Servers
import TerminalProgress

/// The terminal that drydock runs in.
enum LocalTerminal {
  /// Whether both ends of a conversation are at a terminal.
  static var isPresent: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

  /// Runs `body` while every key goes to it as it is, Ctrl-C too, and restores the terminal afterwards.
  static func raw<Value>(_ body: () async throws -> Value) async throws -> Value {
    var settings = termios()
    guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return try await body() }
    var raw = settings
    cfmakeraw(&raw)
    tcsetattr(STDIN_FILENO, TCSANOW, &raw)
    defer { tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) }
    return try await body()
  }

  /// The terminal as a client elsewhere needs to know it.
  static func described(_ environment: [String: String]) -> ConsoleTerminal {
    ConsoleTerminal(name: environment["TERM"] ?? "dumb", sizes: sizes())
  }

  /// Its size now, and at each change.
  private static func sizes() -> AsyncStream<TerminalSize> {
    AsyncStream { continuation in
      @Sendable func tell() {
        continuation.yield(.current(of: STDOUT_FILENO))
      }
      tell()
      let changes = DispatchSource.makeSignalSource(signal: SIGWINCH, queue: .global())
      changes.setEventHandler { tell() }
      changes.activate()
      // Dispatch objects may be used from any thread; the overlay does not declare it everywhere.
      nonisolated(unsafe) let source = changes
      continuation.onTermination = { _ in source.cancel() }
    }
  }
}
