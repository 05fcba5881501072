import ByteStreams
import DrydockBase
import Emulator
import LocalServer
import NIOCore
import Servers
import TerminalProgress
import Transfer

/// Joins a websocket and a resource's client program.
struct ConsoleConversation: Sendable {
  /// The resource's name, for the prompt.
  let name: String
  let session: ConsoleSession
  /// The size of the user's terminal; nil where there is none.
  let size: TerminalSize?

  /// Runs until the program has ended, or the client is gone.
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
      try await talk(typed.take) { try await socket.write(ByteBuffer(bytes: $0)) }
    }
  }

  private func talk(_ input: @escaping ByteSource, _ output: @escaping ByteSink) async throws {
    guard size != nil, session.wantsPrompt else {
      // The tool has no way to learn the exit code: what went wrong is in the output.
      _ = try await session.run(
        terminal: size.map(ConsoleTerminal.init(size:)), input: input, output: output, error: output)
      return
    }
    try await prompt(input, output)
  }

  /// The tool hands each key on as it is, so the line is edited here.
  private func prompt(_ input: @escaping ByteSource, _ output: @escaping ByteSink) async throws {
    try await output(Array("\(name): type commands of the text protocol; quit or Ctrl-D ends\r\n".utf8))
    let editor = LinePrompt(prompt: "\(name)> ", input: input, output: output)
    _ = try await session.run(
      input: { try await editor.next() }, output: { try await editor.show($0) }, error: output)
  }
}
