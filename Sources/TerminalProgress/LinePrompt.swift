/// A prompt on a terminal in raw mode: lines that are typed, and answers that appear above the line being typed.
package actor LinePrompt {
  private let prompt: String
  private let input: @Sendable () async throws -> [UInt8]?
  private let output: @Sendable ([UInt8]) async throws -> Void
  private var editor = LineEditor()
  private var answers = TerminalTextStream()
  private var isOver = false

  /// A prompt that reads keys from `input`, which gives nil at its end, and draws on `output`.
  package init(
    prompt: String, input: @escaping @Sendable () async throws -> [UInt8]?,
    output: @escaping @Sendable ([UInt8]) async throws -> Void
  ) {
    self.prompt = TerminalText.line(prompt)
    self.input = input
    self.output = output
  }

  /// The next line that was typed, with its end; nil when no more will come.
  package func next() async throws -> [UInt8]? {
    while !isOver {
      guard let event = editor.next() else {
        try await draw()
        guard let bytes = try await input() else { break }
        editor.feed(bytes)
        continue
      }
      switch event {
      case .edited: continue
      case .cancelled: try await output(Array("^C\r\n".utf8))
      case .line(let line):
        try await output(Array("\r\(prompt)\(TerminalText.line(line))\u{1B}[K\r\n".utf8))
        return Array((line + "\n").utf8)
      case .end: isOver = true
      }
    }
    try await output(Array("\r\n".utf8))
    return nil
  }

  /// Shows an answer, and the line that is being typed below it.
  package func show(_ answer: [UInt8]) async throws {
    // The terminal is in raw mode, where a line feed alone keeps the column.
    let shown = answers.show(answer).flatMap { $0 == 0x0a ? [0x0d, 0x0a] : [$0] }
    try await output(Array("\r\u{1B}[K".utf8) + shown)
    if answer.last == 0x0a { try await draw() }
  }

  private func draw() async throws {
    let behind = DisplayWidth.of(TerminalText.line(String(editor.text[editor.cursor...])))
    let back = behind > 0 ? "\u{1B}[\(behind)D" : ""
    try await output(Array("\r\(prompt)\(TerminalText.line(editor.line))\u{1B}[K\(back)".utf8))
  }
}
