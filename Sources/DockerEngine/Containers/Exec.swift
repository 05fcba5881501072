package import DrydockBase
package import MonotonicTime

/// Commands run inside a running container.
extension DockerClient {
  /// What to run.
  package struct ExecConfig: Sendable, Hashable {
    /// The program and its arguments.
    package var command: [String]
    /// Variables beyond the container's own, as `NAME=value`.
    package var environment: [String] = []
    /// The user to run as; nil for the container's own.
    package var user: String?
    /// The working directory; nil for the container's own.
    package var workingDirectory: String?
    /// Whether the command gets a terminal; its output is then one stream.
    package var hasTerminal = false

    /// A command with everything else at the container's own.
    package init(_ command: [String]) {
      self.command = command
    }
  }

  /// What a command gave.
  package struct ExecResult: Sendable, Hashable {
    package let exitCode: Int
    /// What it wrote to standard output.
    package let stdout: [UInt8]
    /// What it wrote to standard error.
    package let stderr: [UInt8]
  }

  /// Runs a command to its end, handing on its output, and returns its exit code.
  ///
  /// A command whose call is cancelled or late runs on inside the container: the API has no way to stop it.
  ///
  /// - Parameters:
  ///   - input: writes the command's standard input, which ends when this returns; nil for no input. When
  ///     this throws, the call throws the same error, yet to the command its input has ended as well.
  ///   - each: called for one piece of output at a time.
  package func exec(
    _ config: ExecConfig, in id: String, until deadline: Deadline, input: StreamInput.Writer? = nil,
    each: @escaping @Sendable (LogChunk) async throws -> Void
  ) async throws -> Int {
    let exec = try await createExec(config, hasInput: input != nil, in: id, until: deadline)
    try await startExec(
      exec, hasTerminal: config.hasTerminal, container: id, TimeLimit(deadline), input: input, each: each)
    return try await exitCode(of: exec, container: id, until: deadline)
  }

  /// Runs a command for as long as it takes, until it ends or the caller is cancelled; else as the call with a deadline.
  ///
  /// - Parameters:
  ///   - patience: how long the engine may take over each of its own answers.
  ///   - sizes: the sizes of the command's terminal, as they change.
  package func exec(
    _ config: ExecConfig, in id: String, patience: Duration,
    sizes: (any AsyncSequence<TerminalSize, Never> & Sendable)? = nil,
    input: StreamInput.Writer? = nil, each: @escaping @Sendable (LogChunk) async throws -> Void
  ) async throws -> Int {
    let exec = try await createExec(config, hasInput: input != nil, in: id, until: .after(patience))
    try await withThrowingTaskGroup(of: Void.self) { group in
      if let sizes {
        group.addTask { await resize(exec, sizes, patience: patience) }
      }
      defer { group.cancelAll() }
      try await startExec(
        exec, hasTerminal: config.hasTerminal, container: id,
        TimeLimit(head: .after(patience), end: nil), input: input, each: each)
    }
    return try await exitCode(of: exec, container: id, until: .after(patience))
  }

  /// Keeps a command's terminal at its size. The first may come before the command has started, so it is sent anew until
  /// the engine takes it; a size that is not taken at all does no harm.
  @concurrent
  private func resize(
    _ exec: String, _ sizes: any AsyncSequence<TerminalSize, Never> & Sendable, patience: Duration
  ) async {
    for await size in sizes {
      let request = EngineRequest(
        .post, "/exec/\(EngineRequest.encode(exec))/resize",
        query: [("h", "\(size.rows)"), ("w", "\(size.columns)")], action: "resize a terminal", object: .exec)
      var pause = Backoff()
      let deadline = Deadline.after(.seconds(2))
      while (try? await send(request, .after(patience))) == nil {
        guard (try? await pause.sleep(until: deadline, request.action)) != nil else { break }
      }
    }
  }

  /// Runs a command to its end and returns what it gave.
  /// - Parameters:
  ///   - input: what it reads from its standard input; nil for none. Secrets belong here, since a command's
  ///     arguments can be seen by others.
  ///   - limit: the most bytes of each stream that are kept; what is over it is dropped from the front.
  package func exec(
    _ config: ExecConfig, in id: String, input: [UInt8]? = nil, limit: Int = 1 << 20, until deadline: Deadline
  ) async throws -> ExecResult {
    let (stdout, stderr) = (Kept(limit: limit), Kept(limit: limit))
    let writer = input.map { bytes -> StreamInput.Writer in { try await $0.write(bytes) } }
    let code = try await exec(config, in: id, until: deadline, input: writer) { chunk in
      (chunk.stream == .stdout ? stdout : stderr).append(chunk.bytes)
    }
    return ExecResult(exitCode: code, stdout: stdout.all, stderr: stderr.all)
  }

  private func createExec(
    _ config: ExecConfig, hasInput: Bool, in id: String, until deadline: Deadline
  ) async throws -> String {
    let request = try EngineRequest(
      .post, Self.path(id) + "/exec", json: CreateExec(config, hasInput: hasInput),
      action: "run a command in the container \(Self.shown(id))",
      object: .container)
    return try await send(request, deadline, as: Created.self).id
  }

  private func startExec(
    _ exec: String, hasTerminal: Bool, container id: String, _ limit: TimeLimit,
    input: StreamInput.Writer?, each: @escaping @Sendable (LogChunk) async throws -> Void
  ) async throws {
    let request = try EngineRequest(
      .post, "/exec/\(EngineRequest.encode(exec))/start", json: StartExec(hasTerminal: hasTerminal),
      action: "run a command in the container \(Self.shown(id))", object: .exec)
    // Without a request to upgrade, the engine answers 200 and writes until the command ends. The content
    // type then says "raw" for framed output too, so only the terminal decides.
    try await exchange(request, limit, input: hasTerminal ? input.map(typing) : input) { _, body in
      try await body.output(isRaw: hasTerminal, action: request.action, each: each)
    }
  }

  /// What types an input to its end on a command's terminal.
  ///
  /// The engine closes the output of one that has a terminal where the connection's other half ends, so what the command
  /// would still say were lost. The end is typed instead, as Ctrl-D, and the half stays open as long as the command runs.
  private func typing(_ input: @escaping StreamInput.Writer) -> StreamInput.Writer {
    { stream in
      try await input(stream)
      try await stream.write([0x04])
      while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600), clock: .suspending) }
    }
  }

  /// The exit code, which the engine may note a moment after the output's end.
  private func exitCode(of exec: String, container id: String, until deadline: Deadline) async throws -> Int {
    let action = "run a command in the container \(Self.shown(id))"
    var backoff = Backoff()
    while true {
      let state: ExecState = try await get(
        "/exec/\(EngineRequest.encode(exec))/json", action: action, object: .exec, until: deadline)
      if !state.isRunning, let code = state.exitCode { return code }
      guard !deadline.hasPassed else { throw TimeLimit.late(action) }
      try await backoff.sleep(until: deadline, action)
    }
  }
}

private struct CreateExec: Encodable {
  let command: [String]
  let environment: [String]
  let user: String?
  let workingDirectory: String?
  let tty: Bool
  let attachStdin: Bool
  let attachStdout = true
  let attachStderr = true

  init(_ config: DockerClient.ExecConfig, hasInput: Bool) {
    attachStdin = hasInput
    command = config.command
    environment = config.environment
    user = config.user
    workingDirectory = config.workingDirectory
    tty = config.hasTerminal
  }

  enum CodingKeys: String, CodingKey {
    case command = "Cmd"
    case environment = "Env"
    case user = "User"
    case workingDirectory = "WorkingDir"
    case tty = "Tty"
    case attachStdin = "AttachStdin"
    case attachStdout = "AttachStdout"
    case attachStderr = "AttachStderr"
  }
}

private struct StartExec: Encodable {
  let detach = false
  let hasTerminal: Bool

  enum CodingKeys: String, CodingKey {
    case detach = "Detach"
    case hasTerminal = "Tty"
  }
}

private struct ExecState: Decodable {
  let isRunning: Bool
  let exitCode: Int?

  enum CodingKeys: String, CodingKey {
    case isRunning = "Running"
    case exitCode = "ExitCode"
  }
}
