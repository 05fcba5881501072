import Emulator
import NIOCore

/// Joins a websocket and a resource's client program.
struct ConsoleConversation: Sendable {
  let session: ConsoleSession
  /// The size of the client's terminal; nil where it has none.
  let size: ConsoleSize?

  /// Runs until the program has ended, or the client is gone.
  @concurrent
  func run(_ socket: WebSocketStream) async throws {
    let typed = Handoff()
    // A program in a container has a terminal there. Others read from a pipe, so that the terminal in front of the
    // user, which sends each key as it is, gets the rudiments of one here.
    let isCooked = size != nil && (session.program != nil || session.wantsPrompt)
    let line = LineDiscipline { try await socket.write(ByteBuffer(bytes: $0)) }
    try await socket.converse { input in
      switch input {
      case .bytes(let bytes): _ = await typed.send(Array(buffer: bytes))
      case .end: typed.end()
      }
    } output: {
      defer { typed.leave() }
      let source: ByteSource = {
        guard isCooked else { return try await typed.take() }
        return try await line.read { try await typed.take() }
      }
      let sink: ByteSink = { bytes in
        guard isCooked else { return try await socket.write(ByteBuffer(bytes: bytes)) }
        try await line.write(bytes)
      }
      _ = try await session.run(terminal: isCooked ? nil : terminal, input: source, output: sink, error: sink)
    }
  }

  private var terminal: ConsoleTerminal? {
    guard let size else { return nil }
    // The tool tells no change of size.
    let (sizes, continuation) = AsyncStream.makeStream(of: ConsoleSize.self)
    continuation.yield(size)
    continuation.finish()
    return ConsoleTerminal(name: "xterm", sizes: sizes)
  }
}

/// What a terminal's driver does for a program that reads lines: echo, erase, ends of lines.
actor LineDiscipline {
  private let show: ByteSink
  private var line: [UInt8] = []
  private var ready: [UInt8] = []
  private var isOver = false

  /// - Parameter show: Writes to the terminal.
  init(show: @escaping ByteSink) {
    self.show = show
  }

  /// The next whole lines that were typed; nil after the last.
  func read(_ source: ByteSource) async throws -> [UInt8]? {
    while ready.isEmpty, !isOver {
      guard let bytes = try await source() else {
        isOver = true
        (ready, line) = (line, [])
        break
      }
      var echo: [UInt8] = []
      for byte in bytes where !isOver { take(byte, &echo) }
      if !echo.isEmpty { try await show(echo) }
    }
    defer { ready = [] }
    return ready.isEmpty ? nil : ready
  }

  private func take(_ byte: UInt8, _ echo: inout [UInt8]) {
    switch byte {
    case 13, 10:
      ready += line + [10]
      line = []
      echo += [13, 10]
    // Erase: a byte that continues a character goes with the one before it.
    case 127, 8:
      guard !line.isEmpty else { return }
      while let last = line.popLast(), last & 0xc0 == 0x80 {}
      echo += [8, 32, 8]
    // Ctrl-C takes the line back, Ctrl-D ends the input.
    case 3:
      line = []
      echo += Array("^C\r\n".utf8)
    case 4: if line.isEmpty { isOver = true }
    case 9, 32...:
      line.append(byte)
      echo.append(byte)
    default: break
    }
  }

  /// Shows what the program writes, with the ends of lines that a terminal wants.
  func write(_ bytes: [UInt8]) async throws {
    try await show(bytes.flatMap { $0 == 10 ? [13, 10] : [$0] })
  }
}
