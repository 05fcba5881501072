package import Foundation

/// A folder of a test's own, removed when the body is through.
package func withTestFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
  let name = "drydock test é \(UUID().uuidString)"
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(name)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}

/// A program that ran.
package struct Finished {
  /// Its exit status.
  package var status: Int32
  /// What it wrote on its standard output.
  package var output: Data
}

/// Runs a program found in PATH; its output goes through a file, so that nothing has to be read meanwhile.
package func runProgram(
  _ program: String, _ arguments: [String], in folder: URL, environment: [String: String] = [:]
) async throws -> Finished {
  let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
  let output = folder.appendingPathComponent("output-\(UUID().uuidString)")
  try Data().write(to: output)
  defer { try? FileManager.default.removeItem(at: output) }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [program] + arguments
  process.environment = ["PATH": path, "HOME": folder.path, "LC_ALL": "C.UTF-8"].merging(environment) { $1 }
  process.standardOutput = try FileHandle(forWritingTo: output)
  process.standardError = FileHandle.nullDevice
  process.standardInput = FileHandle.nullDevice
  let status = try await withCheckedThrowingContinuation { continuation in
    process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
    do { try process.run() } catch { continuation.resume(throwing: error) }
  }
  return Finished(status: status, output: try Data(contentsOf: output))
}
