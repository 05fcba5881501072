import DrydockBase
import Essentials
import MonotonicTime
import Services

/// What is typed beside a start in the foreground: `r` and Enter restarts all services, `r NAME` some.
///
/// Whole lines, so that the terminal stays as it is and nothing has to be put back, however the command ends.
struct StartKeys: Sendable {
  private let terminal: Int32
  private let client: ControlClient
  private let console: Console

  /// Nil where nobody types: without a terminal at both ends.
  init?(_ client: ControlClient, _ console: Console) {
    // The terminal that a session has, which may be another one than the caller's.
    guard LocalTerminal.isPresent, tcgetpgrp(STDIN_FILENO) >= 0 else { return nil }
    self.client = client
    self.console = console
    // An own description of it: that reads do not block is nobody else's affair.
    terminal = open("/dev/tty", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard terminal >= 0 else { return nil }
  }

  /// Says what may be typed.
  func explain(interrupting end: String) {
    console.note("r and Enter restarts all services, r NAME one; Ctrl-C \(end)")
  }

  /// Listens while something goes on, to its end.
  func listening<Value: Sendable>(
    beside work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    defer { close(terminal) }
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask {
        // A terminal that cannot be read any more ends nothing.
        try? await listen()
        return nil
      }
      group.addTask { try await work() }
      defer { group.cancelAll() }
      while let ended = try await group.next() {
        if let ended { return ended }
      }
      throw CancellationError()
    }
  }

  private func listen() async throws {
    while true {
      try await waitUntilReady(terminal, for: .read, until: .never, "the keyboard")
      if let line = Self.read(from: terminal) {
        await obey(line)
      } else {
        // What is typed is another program's, or the terminal is about to go.
        try await Task.sleep(for: .milliseconds(250), clock: SuspendingClock())
      }
    }
  }

  /// A line; nil where there is none for this command.
  private static func read(from terminal: Int32) -> String? {
    guard tcgetpgrp(terminal) == getpgrp() else { return nil }
    // Else a command that is sent into the background at this moment would be stopped.
    var (stop, before) = (sigset_t(), sigset_t())
    sigemptyset(&stop)
    sigaddset(&stop, SIGTTIN)
    pthread_sigmask(SIG_BLOCK, &stop, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Essentials.read(terminal, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }

  /// Does what a line says; an empty one is how people part what they have read from what comes.
  private func obey(_ line: String) async {
    let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
    guard let first = words.first else { return }
    guard first == "r" else {
      return console.note("r restarts all services, r NAME one")
    }
    do {
      let request = ControlRequest(.restart, services: Array(words.dropFirst()))
      let status = try await client.ask(request, until: .after(.seconds(60)))
      if status == nil { console.note("nothing is started yet") }
    } catch is CancellationError {
      return
    } catch {
      let error = DrydockError(error)
      console.warn(error.message + (error.suggestion.map { " (\($0))" } ?? ""))
    }
  }
}
