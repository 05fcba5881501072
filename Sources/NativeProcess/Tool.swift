import DrydockBase
import Logging
package import MonotonicTime
import Subprocess
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a command wrote.
package struct ToolOutput: Sendable, Hashable {
  /// Its standard output.
  package let output: [UInt8]
  /// Its standard error.
  package let error: [UInt8]

  /// The standard output as text; bytes that are not UTF-8 are replaced.
  package var text: String { String(decoding: output, as: UTF8.self) }
}

/// A command that does one thing and ends, such as initdb.
///
/// It runs in a session of its own, so that Ctrl-C at the terminal does not reach it, and nothing of that session
/// outlives the call, however it ends.
package struct Tool: Sendable, Hashable {
  /// Absolute path of the executable.
  package var executable: String
  /// The arguments after the executable's own name. They show up in `ps`, so no secret belongs here.
  package var arguments: [String]
  /// The whole environment of the command: nothing is inherited. See `cleanEnvironment`.
  package var environment: [String: String]
  /// Absolute path of the folder to run in.
  package var workingDirectory: String
  /// What it is called in messages: the last part of the executable's path.
  private(set) var name: String
  /// How long the command may take to heed SIGTERM before it is killed.
  package var patience: Duration = .seconds(2)

  /// Describes a command.
  package init(
    executable: String, arguments: [String] = [], environment: [String: String],
    workingDirectory: String = "/"
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.name = executable.splitExactly(at: "/").last ?? executable
  }

  /// The same command run by another user; drydock's own user where that is nil or where only root could change it.
  /// It may have as many files open as the caller allowed.
  ///
  /// The keeper makes the change, as a process with threads cannot make it safely in a child of its own.
  /// - Parameter overlay: Where its mounts are; nil for those of this process.
  package func run(as user: ProcessUser?, by keeper: Keeper, in overlay: DataOverlay? = nil) -> Tool {
    run(as: user, by: keeper, in: overlay, files: DescriptorLimit.ofCaller)
  }

  /// The same with another limit.
  /// - Parameter files: The limit of open files; nil leaves the one that this process has.
  package func run(
    as user: ProcessUser?, by keeper: Keeper, in overlay: DataOverlay? = nil, files: UInt64?
  ) -> Tool {
    var words = overlay.map { ["--in", "\($0.keeper.pid)", "\($0.keeper.start)"] } ?? []
    words += files.map { ["--files", "\($0)"] } ?? []
    if let user, geteuid() == 0 {
      let groups = user.groups.map(String.init).joined(separator: ",")
      words += ["--as", "\(user.userID)", "\(user.groupID)", groups]
    }
    guard !words.isEmpty else { return self }
    var tool = self
    tool.arguments = words + [executable] + arguments
    tool.executable = keeper.executable
    tool.name = name
    return tool
  }

  /// How many bytes of its output and of its error output a command may write.
  package static let outputLimit = 16 << 20

  /// Runs the command to its end.
  ///
  /// At the deadline, or when the caller is cancelled, it gets SIGTERM, then SIGKILL; this returns after the last
  /// process of its session has ended.
  /// - Parameter input: what it reads on standard input.
  /// - Throws: `NativeProcessError` with `.commandFailed` (its last lines in the message), `.cannotExecute`,
  ///   `.outputTooLarge` or `.cannotFork`; `TimeoutError`; `CancellationError`.
  package func run(input: [UInt8] = [], until deadline: Deadline) async throws -> ToolOutput {
    let session = SessionLeader()
    let begin = ContinuousClock.now
    do {
      let output = try await withDeadline(deadline, name) { try await execute(input, session) }
      await session.clear()
      try Task.checkCancellation()
      note("ran", since: begin)
      return output
    } catch {
      await session.clear()
      note("failed", since: begin)
      if !(error is TimeoutError) { try Task.checkCancellation() }
      throw error
    }
  }

  private func note(_ ending: String, since begin: ContinuousClock.Instant) {
    logger.debug(
      "\(ending)",
      metadata: ["command": "\(name)", "ms": "\(Int(begin.duration(to: .now) / .milliseconds(1)))"])
  }

  private func execute(_ input: [UInt8], _ session: SessionLeader) async throws -> ToolOutput {
    try DescriptorLimit.requireCommand()
    let file = try PreparedInput.file(input)
    do {
      let result = try await Subprocess.run(
        configuration, input: .fileDescriptor(file, closeAfterSpawningProcess: true),
        output: .bytes(limit: Self.outputLimit),
        error: .bytes(limit: Self.outputLimit)
      ) { execution in session.set(execution.processIdentifier.value) }
      let output = ToolOutput(output: result.standardOutput, error: result.standardError)
      if let reason = result.terminationStatus.failure { throw failed(reason, output) }
      return output
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      throw translated(error)
    }
  }

  var configuration: Configuration {
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [
      .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: patience)
    ]
    return Configuration(
      executable: .path(FilePath(executable)), arguments: Arguments(arguments),
      // The library takes bytes as they are: the NUL at the end is for the caller to write.
      environment: .custom(environment.map { Array("\($0.key)=\($0.value)\0".utf8) }),
      workingDirectory: FilePath(workingDirectory), platformOptions: options)
  }

  private func failed(_ reason: ExitReason, _ output: ToolOutput) -> NativeProcessError {
    let how =
      switch reason {
      case .code(let code): "failed with exit code \(code)"
      case .signal: "was ended by \(reason)"
      case .unknown: "failed"
      }
    let written = output.error.isEmpty ? output.output : output.error
    let lines = String(decoding: written, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(8)
    let tail = lines.isEmpty ? "" : ":\n" + lines.map { "  \($0)" }.joined(separator: "\n")
    return NativeProcessError(.commandFailed(reason), "\(name) \(how)\(tail)")
  }

  func translated(_ error: SubprocessError) -> NativeProcessError {
    let errno = error.underlyingError?.rawValue ?? 0
    if let remedy = Shortage.remedy(errno, ofProcess: true) {
      return NativeProcessError(
        .shortage(errno), "cannot start \(executable): \(Errno(rawValue: errno))", suggestion: remedy)
    }
    switch error.code {
    case .executableNotFound, .spawnFailed:
      return NativeProcessError(.cannotExecute(errno), "cannot execute \(executable): \(error)")
    case .failedToChangeWorkingDirectory:
      return NativeProcessError(.fileUnusable(errno), "cannot enter \(workingDirectory): \(error)")
    case .outputLimitExceeded:
      return NativeProcessError(.outputTooLarge, "\(name) wrote more than \(Self.outputLimit) bytes")
    default:
      return NativeProcessError(.cannotFork(errno), "cannot run \(executable): \(error)")
    }
  }
}

extension TerminationStatus {
  /// How a command failed; nil when it succeeded.
  fileprivate var failure: ExitReason? {
    switch self {
    case .exited(let code): code == 0 ? nil : .code(code)
    case .signaled(let signal): .signal(signal)
    }
  }
}
