package import Foundation
import MonotonicTime

/// What a finished command gave.
package struct CommandResult: Sendable, CustomStringConvertible {
  /// The exit status; 128 and the signal's number for one that a signal ended.
  package let status: Int32
  /// What it wrote to standard output.
  package let stdout: String
  /// What it wrote to standard error.
  package let stderr: String

  /// All of it, for the message of a failed expectation.
  package var description: String { "status \(status)\n--- stdout\n\(stdout)\n--- stderr\n\(stderr)" }

  /// The standard output as JSON.
  package func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(stdout.utf8))
    } catch {
      throw FixtureError("no \(type): \(error)\n\(self)")
    }
  }
}

/// A command to run: a program with its surroundings.
package struct CommandInvocation: Sendable {
  /// The words; the first is the program, looked for on the path.
  package var words: [String]
  /// The whole environment.
  package var environment: [String: String]
  /// The current folder.
  package var folder: URL
  /// What it reads from standard input; empty for nothing.
  package var input: String = ""

  /// A command with its surroundings.
  package init(_ words: [String], environment: [String: String], folder: URL, input: String = "") {
    self.words = words
    self.environment = environment
    self.folder = folder
    self.input = input
  }
}

/// A command that runs, in a process group of its own, its output going to files.
///
/// Files rather than pipes, so that an engine which outlives it cannot keep the test waiting for the end.
package final class RunningCommand: Sendable {
  /// The process id, which is the number of its process group too.
  package let processID: Int32
  private let process: SpawnedProcess
  private let words: [String]
  private let folder: URL

  /// Starts a command; what it writes goes to files in `scratch`, a folder of its own.
  package init(_ command: CommandInvocation, scratch: URL) throws {
    self.folder = scratch
    self.words = command.words
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    try Data(command.input.utf8).write(to: scratch.appending(path: "stdin"))
    process = try SpawnedProcess(
      command.words, environment: command.environment, folder: command.folder.path,
      input: scratch.appending(path: "stdin").path, output: scratch.appending(path: "stdout").path,
      error: scratch.appending(path: "stderr").path)
    processID = process.processID
  }

  /// What it has written so far to standard output.
  package var stdout: String { text("stdout") }
  /// What it has written so far to standard error.
  package var stderr: String { text("stderr") }

  private func text(_ name: String) -> String {
    String(decoding: (try? Data(contentsOf: folder.appending(path: name))) ?? Data(), as: UTF8.self)
  }

  /// Sends a signal to the command alone.
  package func send(_ signal: Int32) { kill(processID, signal) }

  /// Sends a signal to its process group, as a terminal does.
  package func sendToGroup(_ signal: Int32) { kill(-processID, signal) }

  /// Waits for its end; one that takes too long is killed, which is an error.
  package func result(within limit: Duration = .seconds(240)) async throws -> CommandResult {
    do {
      let status = try await withDeadline(.after(limit), "the command") { [process] in
        try await process.status()
      }
      return CommandResult(status: status, stdout: stdout, stderr: stderr)
    } catch {
      kill(processID, SIGKILL)
      _ = try? await Task { [process] in try await process.status() }.value
      let end = CommandResult(status: -1, stdout: stdout, stderr: stderr)
      throw FixtureError("\(words): \(error)\n\(end)")
    }
  }
}

/// Waits until something holds, looking again and again; the condition is what is awaited, never a time.
/// - Parameter pause: The longest one between two looks; short where a passing moment is to be hit.
package func eventually(
  _ subject: String, within limit: Duration = .seconds(60), pause: Duration = .milliseconds(100),
  _ condition: () async throws -> Bool
) async throws {
  let deadline = Deadline.after(limit)
  var pause = Backoff(first: min(pause, .milliseconds(4)), limit: pause)
  while try await !condition() { try await pause.sleep(until: deadline, subject) }
}
