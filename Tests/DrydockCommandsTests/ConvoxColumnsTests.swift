import Testing

@testable import DrydockCommands

@Suite struct ConvoxColumnsTests {
  @Test func columnsAreAsWideAsTheirWidestCellAndTheLastIsUnpadded() {
    let text = ConvoxColumns.table(
      ["NAME", "TYPE", "URL"],
      [
        ["mydb", "postgres", "postgres://app:pw@127.0.0.1:15999/app"],
        ["cache", "memcached", "127.0.0.1:15998"],
      ])
    #expect(
      text == """
        NAME   TYPE       URL
        mydb   postgres   postgres://app:pw@127.0.0.1:15999/app
        cache  memcached  127.0.0.1:15998

        """)
  }

  @Test func aHeaderStandsAloneOverNothing() {
    #expect(ConvoxColumns.table(["NAME", "TYPE"], []) == "NAME  TYPE\n")
  }

  @Test func furtherLinesStandUnderTheFirstAndEmptyRowsAreLeftOut() {
    let text = ConvoxColumns.info([
      ("Name", ["name1"]), ("Options", ["Url=https://example.org", "k1=v1"]), ("URL", []), ("Apps", ["a, b"]),
    ])
    #expect(
      text == """
        Name     name1
        Options  Url=https://example.org
                 k1=v1
        Apps     a, b

        """)
  }
}
