import DrydockTestSupport
import Foundation
import MonotonicTime
import NativeProcess
import Testing

/// A folder of one test's own, and the engines started in it: both are gone when the test ends.
struct Scratch: Sendable {
  let folder: String

  var files: SupervisedFiles { SupervisedFiles(folder: folder) }

  func path(_ name: String) -> String { folder + "/" + name }

  func keeper() throws -> Keeper { Keeper(executable: try BuiltProducts.executable("drydock-keeper")) }

  /// An engine that is a shell script.
  func shell(_ script: String, user: ProcessUser? = nil, logLimit: Int = 8 << 20) -> SupervisedSpec {
    SupervisedSpec(
      executable: "/bin/sh", arguments: ["-c", script], environment: cleanEnvironment(inherited: [:]),
      workingDirectory: "/", user: user, files: files, label: "test/shell", logLimit: logLimit)
  }

  @discardableResult
  func start(_ script: String) async throws -> SupervisedProcess {
    try await keeper().start(shell(script), until: .after(.seconds(30)))
  }

  func log() -> [String] { tail(logFile: files.logFile, lines: 100) }
}

/// Runs a test in a scratch folder, its name with a space and a letter beyond ASCII.
func withScratch(_ body: (Scratch) async throws -> Void) async throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "drydock prüfung \(UUID().uuidString)")
  try FileManager.default.createDirectory(
    at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
  let scratch = Scratch(folder: folder.path(percentEncoded: false))
  let outcome: (any Error)?
  do {
    try await body(scratch)
    outcome = nil
  } catch {
    outcome = error
  }
  _ = try await stop(scratch.files, steps: [])
  try FileManager.default.removeItem(at: folder)
  if let outcome { throw outcome }
}

/// Waits until a condition holds.
func eventually(
  _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
) async throws {
  let deadline = Deadline.after(.seconds(30))
  var pause = Backoff()
  while try !condition() {
    do { try await pause.sleep(until: deadline, what) } catch {
      Issue.record("never came: \(what)", sourceLocation: sourceLocation)
      throw error
    }
  }
}

/// Whether the engine of `scratch` has been recorded as ended.
func ending(_ scratch: Scratch) throws -> ExitReason? {
  if case .exited(let reason, _) = try inspect(scratch.files) { return reason }
  return nil
}

/// A file of /proc about a process.
func proc(_ pid: Int32, _ name: String) -> String {
  (try? String(contentsOfFile: "/proc/\(pid)/\(name)", encoding: .utf8)) ?? ""
}

/// A field such as `VmRSS` of /proc/PID/status.
func status(_ pid: Int32, _ field: String) -> String? {
  proc(pid, "status").split(separator: "\n").first { $0.hasPrefix(field + ":") }
    .map { $0.dropFirst(field.count + 1).trimmingCharacters(in: .whitespaces) }
}

/// The code of the error that `body` throws; nil when it throws none of this library.
func code(of body: () async throws -> some Any) async -> NativeProcessError.Code? {
  do {
    _ = try await body()
    return nil
  } catch {
    return (error as? NativeProcessError)?.code
  }
}
