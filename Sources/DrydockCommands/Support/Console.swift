import Foundation
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
  }

  /// Whether somebody sits in front of it to answer a question.
  var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

  /// Whether results may be coloured.
  var colours: Bool { Self.allowsColour(STDOUT_FILENO, environment) }

  /// Whether a descriptor is a terminal that wants colours.
  static func allowsColour(_ descriptor: Int32, _ environment: [String: String]) -> Bool {
    isatty(descriptor) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// Prints a result: as it is into a file or a pipe, without what a terminal would obey on one.
  func print(_ text: String) {
    printUnchanged(isatty(STDOUT_FILENO) == 1 ? TerminalText.lines(text) : text)
  }

  /// Prints a result in which all that is somebody else's is harmless already: one with colours.
  func printUnchanged(_ text: String) {
    guard !text.isEmpty else { return }
    guard !write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO) else { return }
    // Who reads no further has what they wanted; a full disk must not pass for a result.
    guard errno != EPIPE else { return }
    let reason = String(cString: strerror(errno))
    _ = write("ERROR: cannot write the result: \(reason)\n", to: STDERR_FILENO)
    exit(1)
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
    if !isQuiet { _ = write(TerminalText.message(text) + "\n", to: STDERR_FILENO) }
  }

  /// Says something that ought to be read.
  func warn(_ text: String) { _ = write(TerminalText.message("WARNING: \(text)") + "\n", to: STDERR_FILENO) }

  /// Asks a yes or no; no is the answer without a terminal.
  func confirm(_ question: String) -> Bool {
    guard isInteractive else { return false }
    _ = write("\(TerminalText.line(question)) [y/N] ", to: STDERR_FILENO)
    return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
  }

  /// Whether all of it was written; else errno says why.
  private func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno != EINTR { return false }
      bytes = bytes.dropFirst(max(0, count))
    }
    return true
  }
}
