import Testing

@testable import Engines

/// Dumps restrict psql themselves; drydock's own restriction stands in for theirs.
@Suite struct RestrictionLinesTests {
  /// A script, and the lines of it that are taken out, counted from 1.
  struct Script: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    var gone: [Int] = []
  }

  private static let scripts = [
    Script(
      testDescription: "pg_dump's own",
      text: "--\n-- PostgreSQL database dump\n--\n\n\\restrict aB3\n\nSET x = 0;\n\n\\unrestrict aB3\n\n",
      gone: [5, 9]),
    Script(testDescription: "CR LF", text: "\\restrict k\r\nSELECT 1;\r\n\\unrestrict k \r\n", gone: [1, 3]),
    Script(testDescription: "no newline at the end", text: "\\restrict k\n\\unrestrict k", gone: [1, 2]),
    Script(
      testDescription: "two dumps in a row, behind a statement",
      text: "DROP SCHEMA s;\n\\restrict a\nx\n\\unrestrict a\n\\restrict b\n\\unrestrict b\n",
      gone: [2, 4, 5, 6]),
    Script(
      testDescription: "another key, another word, more words",
      text:
        "\\restrict\n\\restrict a b\n\\restrict a;\n\\restricts a\n \\restrict a\n\\unrestrict a\n\\! id\n"),
    Script(
      testDescription: "within: the other key's lines stay",
      text: "\\restrict a\n\\unrestrict b\n\\restrict c\n",
      gone: [1]),
    Script(
      testDescription: "COPY data",
      text: "COPY public.t (a, b) FROM stdin;\n\\restrict a\n\\N\n\\.\n\\restrict a\n", gone: [5]),
    Script(
      testDescription: "COPY data with CR LF, behind a comment, in other letters",
      text: "copy \"from\" From STDIN WITH (format csv); -- data\r\n\\restrict a\r\n\\.\r\n\\restrict a\r\n",
      gone: [4]),
    Script(
      testDescription: "no COPY data",
      text: "COPY t TO stdout;\n\\restrict a\n\\unrestrict a\nSELECT 'COPY' FROM stdin;\n\\restrict a\n",
      gone: [2, 3, 5]),
    Script(
      testDescription: "texts",
      text: "SELECT 'it''s\n\\restrict a\n', E'\\'\n\\restrict a\n', \"\n\\restrict a\n\";\n\\restrict a\n",
      gone: [8]),
    Script(
      testDescription: "a backslash at the end of a plain text", text: "SELECT 'a\\';\n\\restrict a\n",
      gone: [2]),
    Script(
      testDescription: "dollar quotes",
      text:
        "DO $x$ '$$ $y$ $x \n\\restrict a\n$x$;\nSELECT $$\n\\restrict a\n'$$, a$b$, $1;\n\\restrict a\n",
      gone: [7]),
    Script(
      testDescription: "comments",
      text: "/*/ '\n/* nested */\n\\restrict a\n*/ -- ' $$ /*\n\\restrict a\n", gone: [5]),
    Script(
      testDescription: "a text of other signs",
      text: "SELECT 'ü→\u{1F6A2}', U&'\\0061', 3-1, 4/2, a - -b;\n\\restrict a\n", gone: [2]),
    Script(
      testDescription: "a line that is too long to be one",
      text: "\\restrict \(String(repeating: "a", count: 5000))\n\\restrict a\n", gone: [2]),
  ]

  private func filtered(_ pieces: [[UInt8]]) -> String {
    var filter = RestrictionLines()
    let bytes = pieces.flatMap { filter.take($0) } + filter.finish()
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("A dump's own restrictions go, in code alone, wherever the stream is cut", arguments: scripts)
  func lines(_ script: Script) {
    // CR and LF are one character to Swift.
    let expected = script.text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated()
      .map { script.gone.contains($0.offset + 1) ? "" : String(decoding: $0.element, as: UTF8.self) }
      .joined(separator: "\n")
    let bytes = Array(script.text.utf8)
    #expect(filtered([bytes]) == expected)
    #expect(filtered(bytes.map { [$0] }) == expected)
    for cut in bytes.indices where bytes.count < 300 {
      #expect(filtered([Array(bytes[..<cut]), Array(bytes[cut...])]) == expected, "cut at \(cut)")
    }
  }

  @Test("A mark of the byte order goes, which psql takes at the very beginning only") func byteOrderMark() {
    let text = "\u{FEFF}SELECT '\u{FEFF}';\n"
    #expect(filtered([Array(text.utf8)]) == "SELECT '\u{FEFF}';\n")
  }
}
