import Testing

@testable import TerminalProgress

@Suite struct TableTests {
  @Test func columnsAreAsWideAsTheirWidestCell() {
    let table = Table(
      header: ["NAME", "TYPE", "URL"],
      rows: [
        ["mydb", "postgres", "postgres://app:pw@127.0.0.1:15999/app"],
        ["cache", "memcached", "127.0.0.1:15998"],
      ])
    let expected = """
      NAME   TYPE       URL
      mydb   postgres   postgres://app:pw@127.0.0.1:15999/app
      cache  memcached  127.0.0.1:15998

      """
    #expect(table.rendered() == expected)
  }

  @Test func cellsMayHaveSeveralLines() {
    let table = Table(rows: [
      ["Name", "name1"], ["Options", "Url=https://example.org\nk1=v1"], ["Apps", "a, b"],
    ])
    let expected = """
      Name     name1
      Options  Url=https://example.org
               k1=v1
      Apps     a, b

      """
    #expect(table.rendered() == expected)
  }

  private static let wide = Table(
    header: ["NAME", "PLACE", "URL", "NOTE"],
    rows: [
      ["mydb", "/home/me/state/mydb", "postgres://app:pw@127.0.0.1:15999/app", "fine"],
      ["files", "/files", "-", "a much longer note"],
    ])

  /// Each step only if it is needed, and only as far as that.
  /// Bug: cut at their end, names that differ there came to look the same.
  @Test(arguments: [
    ("abc", 3, "abc"), ("abcdef", 5, "ab…ef"), ("abcdef", 4, "ab…f"), ("abcdef", 2, "a…"), ("ab", 1, "…"),
    ("ab", 0, ""), ("cache-of-sessions-1", 9, "cach…ns-1"), ("日本語日本語", 7, "日本…語"),
    ("\u{1B}[31mabcdef\u{1B}[0m", 5, "ab…ef"),
    ("e\u{301}bcde\u{301}", 3, "e\u{301}…e\u{301}"),
  ])
  func `a name loses its middle`(_ name: String, _ columns: Int, _ expected: String) {
    #expect(DisplayWidth.withoutMiddle(name, to: columns) == expected)
    #expect(DisplayWidth.of(expected) <= columns)
  }

  @Test(arguments: [
    (200, "mydb   /home/me/state/mydb  postgres://app:pw@127.0.0.1:15999/app  fine"),
    (80, "mydb   /home/me/state/mydb  postgres://127.0.0.1:15999/app  fine"),
    (74, "mydb   …/me/state/mydb  postgres://127.0.0.1:15999/app  fine"),
    (60, "mydb   …/mydb  postgres://127.0.0.1:15999/app  fine"),
    (40, "mydb   postgres://127.0.0.1:15999/app  …"),
    (20, "mydb   postgres://1…"),
  ])
  func itGivesWayToTheScreen(_ screen: Int, _ row: String) {
    let text = Self.wide.rendered(
      screen: screen,
      steps: [.shortURLs("URL"), .cutFront("PLACE", least: 6), .cutEnd("NOTE", least: 4), .leaveOut("PLACE")])
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.count == 3 && lines.allSatisfy { DisplayWidth.of($0) <= screen }, "\(text)")
    #expect(lines[1].hasPrefix(row), "\(text)")
  }

  /// Bug: a column was never narrower than its title, so that the cells' ends were cut off at the edge of the screen.
  @Test func aTitleBreaksAsItsCellsDo() {
    let table = Table(
      header: ["OPTION", "WHAT THAT IS"],
      rows: [["version", "that version runs, or the difference is shown"]])
    let expected = """
      OPTION   WHAT THAT
               IS
      version  that
               version
               runs, or
               the
               difference
               is shown

      """
    #expect(table.rendered(screen: 19, steps: [.wrap("WHAT THAT IS", least: 4)]) == expected)
  }

  @Test func cellsBreakBetweenWordsWhereTheScreenIsNarrow() {
    let table = Table(
      header: ["NAME", "WHY", "NEXT"],
      rows: [["web", "it is not on the path", "1\n2"], ["a", "averylongword of it", "3"]])
    let expected = """
      NAME  WHY       NEXT
      web   it is     1
            not on    2
            the path  \("")
      a     averylon  3
            gword of  \("")
            it        \("")

      """
    #expect(table.rendered(screen: 20, steps: [.wrap("WHY", least: 4)]) == expected)
    #expect(table.rendered(screen: 80, steps: [.wrap("WHY", least: 4)]) == table.rendered())
  }

  @Test func anEmptyTableIsNothing() {
    #expect(Table().rendered() == "")
    #expect(Table(header: ["A"]).rendered() == "A\n")
    #expect(Table(rows: [["a", "b"], [], ["c"]]).rendered() == "a  b\n\nc\n")
  }

  @Test func widthsCountCellsNotBytes() {
    let table = Table(
      header: ["A", "B"], rows: [["日本", "1"], ["é\u{301}x", "2"], ["🚢", "3"], ["abcd", "4"]])
    #expect(table.rendered() == "A     B\n日本  1\né\u{301}x    2\n🚢    3\nabcd  4\n")
  }

  @Test func coloursTakeNoRoom() {
    let style = Style(colour: true)
    let table = Table(header: ["A", "B"], rows: [["ok", "1"], ["fail", "2"]])
    let expected = "\u{1B}[1mA\u{1B}[0m     \u{1B}[1mB\u{1B}[0m\nok    1\nfail  2\n"
    #expect(table.rendered(style: style) == expected)
  }

  @Test func cellsCannotMoveTheCursor() {
    #expect(Table(rows: [["a\u{1B}[2Jb\tc", "d"]]).rendered() == "a\\x1b[2Jb c  d\n")
  }
}

@Suite struct DisplayWidthTests {
  @Test(arguments: [
    ("", 0), ("abc", 3), ("日本", 4), ("e\u{301}", 1), ("🚢", 2), ("❤\u{FE0F}", 2), ("\u{200B}", 0),
    ("\u{1B}[31mred\u{1B}[0m", 3), ("한글", 4), ("ｗ", 2), ("👩‍🚀", 2), ("—", 1),
  ])
  func ofText(text: String, width: Int) {
    #expect(DisplayWidth.of(text) == width)
  }

  @Test(arguments: [
    ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("日本語", 5, "日本…"), ("日本語", 4, "日…"), ("ab", 1, "…"),
    ("ab", 0, ""), ("\u{1B}[31mabcd\u{1B}[0m", 3, "\u{1B}[31mab…\u{1B}[0m"),
  ])
  func truncated(text: String, columns: Int, result: String) {
    #expect(DisplayWidth.truncated(text, to: columns) == result)
  }
}

@Suite struct StyleTests {
  @Test(arguments: [
    (true, ["TERM": "xterm"], true, true), (true, ["TERM": "xterm", "NO_COLOR": ""], true, true),
    (true, ["TERM": "xterm", "NO_COLOR": "1"], true, false), (true, ["TERM": "dumb"], false, false),
    (true, [:], false, false), (false, ["TERM": "xterm"], false, false),
  ])
  func traits(isTerminal: Bool, environment: [String: String], terminal: Bool, colour: Bool) {
    let traits = TerminalTraits(isTerminal: isTerminal, environment: environment)
    #expect(traits.terminal == terminal && traits.colour == colour)
  }

  @Test func masksLongerSecretsFirst() {
    let text = Style.masking(["pass", "password1", "ab", ""], in: "password1 pass ab")
    #expect(text == "**** **** ab")
  }

  @Test func plainAddsNothing() {
    #expect(Style.plain.red("x") == "x" && Style(colour: true).red("") == "")
  }
}
