import DrydockBase
import Essentials
import TerminalProgress

/// Where a command prints: results on stdout, all else on stderr.
struct Console: Sendable {
  /// Whether only results and errors are wanted.
  var isQuiet = false
  /// Whether more is wanted.
  var isVerbose = false
  /// The caller's environment, for NO_COLOR and TERM.
  var environment: [String: String] = ProcessInfo.processInfo.environment

  /// A console with the options' wishes.
  init(_ options: SharedOptions) {
    isQuiet = options.quiet
    isVerbose = options.verbose
    if isVerbose { Diagnostics.showAll() }
  }

  /// Whether somebody sits in front of it to answer a question.
  var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

  /// Whether results may be coloured.
  var colours: Bool { Self.allowsColour(STDOUT_FILENO, environment) }

  /// Whether a descriptor is a terminal that wants colours.
  static func allowsColour(_ descriptor: Int32, _ environment: [String: String]) -> Bool {
    isatty(descriptor) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// How many places a line of a table may have: those of the terminal; nil where a program reads it, or all of it is
  /// wanted.
  func screen(isWide: Bool) -> Int? {
    isWide || isatty(STDOUT_FILENO) != 1 ? nil : TerminalSize.current(of: STDOUT_FILENO).columns
  }

  /// Prints a result: as it is into a file or a pipe, without what a terminal would obey on one.
  func print(_ text: String) {
    printUnchanged(isatty(STDOUT_FILENO) == 1 ? TerminalText.lines(text) : text)
  }

  /// Prints a result in which all that is somebody else's is harmless already: one with colours.
  func printUnchanged(_ text: String) {
    guard !text.isEmpty else { return }
    switch StandardStreams.tell(text.hasSuffix("\n") ? text : text + "\n") {
    case 0: return
    case 128 + SIGPIPE: Interruption.noteLostReader()
    case let status: exit(status)
    }
  }

  /// Prints a model as JSON with sorted keys.
  func print(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    // The encoder puts the ends of an empty container on lines of their own. In a string no line ends unescaped.
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    let compact = text.replacing(/\[\n\s*\]/, with: "[]").replacing(/\{\n\s*\}/, with: "{}")
    print(TerminalText.json(compact))
  }

  /// Says something that is no result.
  func note(_ text: String) {
    if !isQuiet { StandardStreams.say(TerminalText.message(text) + "\n") }
  }

  /// Says something that ought to be read.
  func warn(_ text: String) { StandardStreams.say(TerminalText.message("WARNING: \(text)") + "\n") }

  /// Asks a yes or no; no is the answer without a terminal.
  /// - Throws: `CancellationError`.
  func confirm(_ question: String) async throws -> Bool {
    guard isInteractive else { return false }
    StandardStreams.say("\(TerminalText.line(question)) [y/N] ")
    let answer = try await StandardInput.line()?.trimmed().lowercased()
    return ["y", "yes"].contains(answer)
  }
}

extension Console {
  /// The same without what is neither a result nor an error.
  var quietened: Console {
    var console = self
    console.isQuiet = true
    return console
  }
}
