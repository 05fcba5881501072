import Foundation
import Testing

@testable import TerminalProgress

/// What somebody else wrote never reaches a terminal as a command to it.
@Suite struct TerminalTextTests {
  private static let hostile = [
    "\u{1B}]52;c;cm0gLXJm\u{7}", "\u{1B}[2J", "\u{9B}31m", "\u{7F}\u{8}", "a\rb", "a\nb", "\u{202E}txt.exe",
    "\u{2066}x",
    "\u{2028}", "\u{85}", "\u{0}",
  ]

  @Test(arguments: hostile) func aLineHoldsNothingThatATerminalObeys(_ text: String) {
    let shown = TerminalText.line("x\(text)y")
    #expect(!shown.unicodeScalars.contains(where: TerminalText.isControl))
    #expect(shown.hasPrefix("x") && shown.hasSuffix("y") && shown.contains("\\"))
    let table = Table(header: ["A", text], rows: [["1", text.replacing("\n", with: "")]])
    #expect(!table.rendered().unicodeScalars.contains { TerminalText.isControl($0) && $0 != "\n" })
  }

  @Test(arguments: [
    ("plain ünïcode 日本 👩‍🚀", "plain ünïcode 日本 👩‍🚀"), ("a\tb\nc", "a\tb\nc"), ("\u{1B}[31mred", "\\x1b[31mred"),
    ("\u{9B}", "\\u009b"), ("a\r\nb", "a\\r\nb"), ("\u{202E}", "\\u202e"),
  ])
  func linesKeepTheirEnds(_ text: String, _ shown: String) { #expect(TerminalText.lines(text) == shown) }

  @Test func noLineOfAMessagePassesForAnother() {
    #expect(TerminalText.message("ERROR: a\nERROR: b\n  | c") == "ERROR: a\n  ERROR: b\n  | c")
  }

  @Test(arguments: hostile) func jsonStaysTheSameValue(_ text: String) throws {
    let json = String(decoding: try JSONEncoder().encode([text]), as: UTF8.self)
    let shown = TerminalText.json(json)
    #expect(!shown.unicodeScalars.contains(where: TerminalText.isControl))
    #expect(try JSONDecoder().decode([String].self, from: Data(shown.utf8)) == [text])
  }

  /// Wherever a stream is cut into pieces, it is shown as it would be whole.
  @Test func aStreamMayBeCutAnywhere() {
    let text = "é日👩‍🚀\u{1B}[1m\u{9B}\u{202E}\r\nend\r"
    let whole = Array("é日👩‍🚀\\x1b[1m\\u009b\\u202e\nend\\r".utf8)
    let bytes = Array(text.utf8)
    for cut in 0...bytes.count {
      var stream = TerminalTextStream()
      #expect(stream.show(bytes[..<cut]) + stream.show(bytes[cut...]) + stream.finish() == whole)
    }
    var stream = TerminalTextStream()
    #expect(bytes.flatMap { stream.show([$0]) } + stream.finish() == whole)
    #expect(stream.show([0xff, 0x9b, 0x41]) == Array("\u{FFFD}\u{FFFD}A".utf8))
  }
}
