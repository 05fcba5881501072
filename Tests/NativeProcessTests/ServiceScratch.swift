import Foundation
import MonotonicTime
import NativeProcess

/// Services of one test.
extension Scratch {
  var service: SupervisedFiles { SupervisedFiles(folder: folder, kind: .service) }

  /// A service that is a shell script.
  func service(_ script: String, _ traits: ServiceTraits = ServiceTraits(), logLimit: Int? = nil)
    -> SupervisedSpec
  {
    SupervisedSpec(
      executable: "/bin/sh", arguments: ["-c", script],
      environment: cleanEnvironment(inherited: ProcessInfo.processInfo.environment, home: folder),
      workingDirectory: folder, files: service, label: "test/service", logLimit: logLimit, traits: traits)
  }

  /// A service that is a program in Python.
  func python(_ program: String, _ traits: ServiceTraits = ServiceTraits()) -> SupervisedSpec {
    var spec = service("exec python3 -u -c \"$PROGRAM\"", traits)
    spec.environment["PROGRAM"] = program
    return spec
  }

  @discardableResult
  func start(_ spec: SupervisedSpec) async throws -> SupervisedProcess {
    try await keeper().start(spec, until: .after(.seconds(30)))
  }

  /// How a service that ends by itself did so.
  func runToEnd(_ spec: SupervisedSpec) async throws -> ExitReason? {
    try await start(spec)
    return try await waitForEnd(of: spec.files, until: .after(.seconds(60)))
  }

  var source: LogSource { LogSource(name: "web.1", path: service.logFile) }

  func lines() -> [LogLine] {
    var lines: [LogLine] = []
    readLines(of: [source]) { lines += $0.map(\.line) }
    return lines
  }

  func texts(_ stream: LogLine.Stream? = nil) -> [String] {
    lines().filter { stream == nil || $0.stream == stream }.map(\.text)
  }
}

/// Whether a process is there and no zombie.
func isRunning(_ pid: Int32) -> Bool {
  guard let state = status(pid, "State") else { return false }
  return !state.hasPrefix("Z")
}
