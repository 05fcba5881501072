import DrydockBase
import Essentials
import Logging
package import MonotonicTime
import Subprocess
import SystemPackage

/// `drydock-keeper`, which starts a program, holds its lock and records its end.
package struct Keeper: Sendable, Hashable {
  /// Where its executable lies.
  package let executable: String

  /// The keeper at a known place.
  package init(executable: String) {
    self.executable = executable
  }

  /// Finds the keeper: `DRYDOCK_KEEPER`, else next to drydock's own executable, else `../libexec/drydock/`.
  /// - Parameters:
  ///   - executable: path of drydock's own executable; symbolic links are followed.
  ///   - environment: the environment that drydock was started with.
  /// - Throws: `NativeProcessError` with `.keeperMissing`, naming the places.
  package static func locate(
    beside executable: String = ownExecutable, environment: [String: String]
  ) throws(NativeProcessError) -> Keeper {
    let folder = URL(fileURLWithPath: executable).resolvingSymlinksInPath().deletingLastPathComponent()
    let beside = [
      folder.appending(path: "drydock-keeper"),
      folder.deletingLastPathComponent().appending(path: "libexec/drydock/drydock-keeper"),
    ].map { $0.path(percentEncoded: false) }
    // Absolute, for it is started in other folders than the current one.
    let named = environment["DRYDOCK_KEEPER"].flatMap {
      $0.isEmpty ? nil : URL(fileURLWithPath: $0).path(percentEncoded: false)
    }
    let places = named.map { [$0] } ?? beside
    guard let found = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      throw NativeProcessError(
        .keeperMissing, "drydock-keeper is missing; looked at " + places.joined(separator: ", "),
        suggestion: "install it next to drydock or name it by DRYDOCK_KEEPER")
    }
    return Keeper(executable: found)
  }

  /// The path of the executable that runs now.
  package static var ownExecutable: String {
    #if os(Linux)
      ProcessTable.linkTarget("/proc/self/exe") ?? CommandLine.arguments[0]
    #else
      Bundle.main.executablePath ?? CommandLine.arguments[0]
    #endif
  }

  /// Starts a program and returns once it has been executed; whether it is ready is for a probe to say.
  ///
  /// The program outlives this process. When the start is cancelled or not done by the deadline, whatever was
  /// started is ended again before this returns.
  /// - Throws: `NativeProcessError` with `.alreadyRunning`, `.locksUnsupported`, `.fileUnusable`,
  ///   `.cannotExecute`, `.cannotChangeUser`, `.cannotFork` or `.keeperFailed`; `TimeoutError`;
  ///   `CancellationError`.
  package func start(_ spec: SupervisedSpec, until deadline: Deadline) async throws -> SupervisedProcess {
    let token = String(UInt64.random(in: .min ... .max), radix: 16)
    guard let input = spec.encoded(token: token) else {
      throw NativeProcessError(.keeperFailed, "an argument or variable of \(spec.executable) holds a NUL")
    }
    let output: [UInt8]
    do {
      output = try await withDeadline(deadline, "the start of \(spec.executable)") {
        try await launch(spec, input)
      }
      try Task.checkCancellation()
    } catch let error where error is CancellationError || error is TimeoutError {
      try await shieldedFromCancellation { try await undo(spec.files, token) }
      throw error
    }
    let process = try KeeperReply(output).process(of: spec, keeper: executable)
    logger.debug(
      "started",
      metadata: [
        "program": "\(spec.executable)", "label": "\(spec.label)", "pid": "\(process.processID)",
        "keeper": "\(process.keeperPID)",
      ])
    return process
  }

  /// Ends what this start began, and only that: another program may hold the lock.
  private func undo(_ files: SupervisedFiles, _ token: String) async throws {
    _ = try await settledState(files)
    guard try SupervisedLook(files)?.record?.token == token else { return }
    _ = try await stop(files, steps: [])
  }

  private func launch(_ spec: SupervisedSpec, _ input: [UInt8]) async throws -> [UInt8] {
    try DescriptorLimit.requireCommand()
    var options = PlatformOptions()
    // Away from the terminal, so that Ctrl-C meant for drydock does not cut a start in two.
    options.createSession = true
    let file = try PreparedInput.file(input)
    do {
      return try await Subprocess.run(
        .path(FilePath(executable)),
        arguments: Arguments([spec.files.lockFile] + (spec.label.isEmpty ? [] : [spec.label])),
        environment: .custom(["PATH": "/usr/bin:/bin"]),
        workingDirectory: "/", platformOptions: options,
        input: .fileDescriptor(file, closeAfterSpawningProcess: true),
        output: .bytes(limit: 4096), error: .discarded
      ).standardOutput
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      let errno = error.underlyingError?.rawValue ?? 0
      if Shortage.remedy(errno, ofProcess: true) != nil {
        throw NativeProcessError(
          .shortage(errno), "cannot start \(spec.executable): \(Errno(rawValue: errno))",
          suggestion: Shortage.remedy(errno, ofProcess: true))
      }
      throw NativeProcessError(.keeperFailed, "cannot run \(executable): \(error)")
    }
  }
}

/// Processes: what is started, how it ends. Arguments and variables are left out, as input is.
let logger = Logger(label: "drydock.process")
