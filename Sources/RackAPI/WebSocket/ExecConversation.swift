import AppState
import ByteStreams
import DrydockBase
import LocalServer
import NIOCore
import NIOHTTP1
import Servers
import Services

/// Joins a websocket and a command that runs beside a process.
struct ExecConversation: Sendable {
  /// What stands before the exit code in the last frame; the tool takes all behind it for the code.
  static let codeMark = "F1E49A85-0AD7-4AEF-A618-C249C6E6568D:"

  let context: DrydockContext
  let access: ReplicaAccess
  /// The app's supervisor.
  let supervisor: ControlClient
  let options: ExecOptions

  /// Runs until the command has ended, or the client is gone, which ends the command.
  @concurrent
  func run(_ socket: WebSocketStream) async throws {
    let typed = Handoff()
    try await socket.converse { input in
      switch input {
      case .bytes(let bytes): _ = await typed.send(Array(buffer: bytes))
      case .end: typed.end()
      }
    } output: {
      defer { typed.leave() }
      let code = try await code(typed.take) { try await socket.write(ByteBuffer(bytes: $0)) }
      try await socket.write(ByteBuffer(string: "\(Self.codeMark)\(code)\n"))
    }
  }

  /// The tool ends with the code alone: what cannot be run is told in the output, with a code that says so.
  private func code(_ input: @escaping ByteSource, _ output: @escaping ByteSink) async throws -> Int {
    do {
      let command = try await ReplicaCommand(
        options.command, beside: access, behindEntryPoint: options.isBehindEntryPoint, supervisor: supervisor,
        context)
      return try await command.run(terminal: options.terminal, input: input, output: output)
    } catch  where !Task.isCancelled {
      try await output(Array("ERROR: \(HTTPFailure(error).message)\n".utf8))
      return 1
    }
  }

  /// Tells why there is nothing to run a command beside, and ends the tool with 1.
  static func refusing(_ failure: HTTPFailure) -> Route.Conversing {
    { socket in
      try await socket.converse { _ in
      } output: {
        try await socket.write(ByteBuffer(string: "ERROR: \(failure.message)\n"))
        try await socket.write(ByteBuffer(string: "\(codeMark)1\n"))
      }
    }
  }
}

/// How a command is run, as the tool says in headers.
struct ExecOptions: Sendable {
  let command: String
  let isBehindEntryPoint: Bool
  /// The tool's terminal; nil where it has none.
  let terminal: ConsoleTerminal?

  /// - Throws: `HTTPFailure` without a command.
  init(_ headers: HTTPHeaders) throws {
    guard let command = headers.first(name: "Command"), !command.isEmpty else {
      throw HTTPFailure(.badRequest, "parameter required: command")
    }
    self.command = command
    isBehindEntryPoint = headers.first(name: "Entrypoint") == "true"
    // It tells no changes of the size.
    terminal =
      headers.first(name: "Tty") == "false"
      ? nil : ConsoleTerminal(size: TerminalSize(headers) ?? TerminalSize(columns: 80, rows: 24))
  }
}

extension TerminalSize {
  /// The size of the tool's terminal, which it tells in headers where it has one.
  init?(_ headers: HTTPHeaders) {
    guard let columns = headers.first(name: "Width").flatMap({ Int($0) }), (1...1000).contains(columns),
      let rows = headers.first(name: "Height").flatMap({ Int($0) }), (1...1000).contains(rows)
    else { return nil }
    self.init(columns: columns, rows: rows)
  }
}

extension ConsoleTerminal {
  /// The tool's terminal, of which it tells neither the name nor changes of size.
  init(size: TerminalSize) {
    let (sizes, continuation) = AsyncStream.makeStream(of: TerminalSize.self)
    continuation.yield(size)
    continuation.finish()
    self.init(name: "xterm", sizes: sizes)
  }
}
