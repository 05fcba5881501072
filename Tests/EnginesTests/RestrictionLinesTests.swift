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

  private func filtered(_ pieces: [[UInt8]], isTrusted: Bool = false) throws -> String {
    var filter = RestrictionLines(isTrusted: isTrusted)
    let bytes = try pieces.flatMap { try filter.take($0) } + filter.finish()
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("A dump's own restrictions go, in code alone, wherever the stream is cut", arguments: scripts)
  func lines(_ script: Script) throws {
    // CR and LF are one character to Swift.
    let expected = script.text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated()
      .map { script.gone.contains($0.offset + 1) ? "" : String(decoding: $0.element, as: UTF8.self) }
      .joined(separator: "\n")
    let bytes = Array(script.text.utf8)
    #expect(try filtered([bytes]) == expected)
    #expect(try filtered(bytes.map { [$0] }) == expected)
    for cut in bytes.indices where bytes.count < 300 {
      #expect(try filtered([Array(bytes[..<cut]), Array(bytes[cut...])]) == expected, "cut at \(cut)")
    }
  }

  @Test("A mark of the byte order goes, which psql takes at the very beginning only") func byteOrderMark()
    throws
  {
    let text = "\u{FEFF}SELECT '\u{FEFF}';\n"
    #expect(try filtered([Array(text.utf8)]) == "SELECT '\u{FEFF}';\n")
  }

  /// psql evaluates these although it is restricted.
  static let programs = [
    "\\unrestrict `id`\n", "\\unrestrict k`id`\n", "x \\unrestrict :x `id`",
    "SELECT '\\unrestrict a \\\\ `id`';\n",
    "COPY t FROM stdin;\n\\unrestrict\t`id`\n\\.\n", "\\\\unrestrict `id`\n", "\\un\\unrestrict `id`\n",
    "\\restrict k\n\\unrestrict k `id`\n", "\\unre\u{0}x\nstrict `id`\n", "SELECT 1;\u{0}\n",
  ]

  @Test(
    "A program behind \\unrestrict and a NUL are refused, wherever the stream is cut", arguments: programs)
  func refusesPrograms(_ text: String) throws {
    let bytes = Array(text.utf8)
    #expect(throws: ScriptRefusal.self) { try filtered([bytes]) }
    #expect(throws: ScriptRefusal.self) { try filtered(bytes.map { [$0] }) }
    for cut in bytes.indices {
      #expect(throws: ScriptRefusal.self) { try filtered([Array(bytes[..<cut]), Array(bytes[cut...])]) }
    }
    #expect(try !filtered([bytes], isTrusted: true).isEmpty)
  }

  @Test("Other backquotes are no programs") func otherBackquotes() throws {
    let text = "SELECT '`id`';\n\\unrestrict k\n`id` \\unrestric `id` \\restrict `id`\n"
    #expect(try filtered([Array(text.utf8)]) == text)
  }
}
