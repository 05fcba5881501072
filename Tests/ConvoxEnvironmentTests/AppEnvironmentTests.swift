import Testing

@testable import ConvoxEnvironment

@Suite struct AppEnvironmentTests {
  @Test(arguments: [
    ("A=1\nB=2", ["A": "1", "B": "2"]),
    ("A=1\r\nB=2\r\n", ["A": "1", "B": "2"]),
    ("A=\r\r\n", ["A": "\r"]),
    (" A\t=  x y  ", ["A": "  x y  "]),
    ("A=b=c==", ["A": "b=c=="]),
    ("A=\nB", ["A": ""]),
    ("=x\n  =y\nno sign\n\n", [:]),
    ("A=1\nA=2", ["A": "2"]),
    ("A=\"1\"\nB='x'", ["A": "\"1\"", "B": "'x'"]),
    ("#A=1", ["#A": "1"]),
    ("Å=é日", ["Å": "é日"]),
    ("", [:]),
  ])
  func readsConvoxText(text: String, values: [String: String]) {
    #expect(AppEnvironment.parse(text).environment.values == values)
  }

  @Test func warnsWithNameAndLine() {
    let text = "A=1\n\nB=\"x\"\r\nC='y'\nD=\"\nE=\"z'\n# F=1\nexport G=1\nH=''"
    let warnings = AppEnvironment.parse(text).warnings
    #expect(warnings.map { $0.prefix(8) } == ["line 3: ", "line 4: ", "line 7: ", "line 8: ", "line 9: "])
    #expect(warnings[0].contains("B") && !warnings[0].contains("x\""))
    #expect(warnings[2].contains("'# F'"))
    #expect(warnings[3].contains("'export G'"))
  }

  @Test func writesWholeLinesSorted() {
    let environment = AppEnvironment(["A": "2", "A1": "x", "A_B": "", "B": "a=b"])
    #expect(environment.text == "A1=x\nA=2\nA_B=\nB=a=b")
    #expect(AppEnvironment.parse(environment.text).environment == environment)
    #expect(AppEnvironment().text == "")
  }

  @Test(
    arguments: [
      ("my-db", ["MY_DB_URL": "postgres://h/d"], "postgres://h/d"),
      ("mydb", ["MYDB_URL": " \t"], nil),
      ("mydb", ["MYDB_URL": ""], nil),
      ("mydb", ["DB_URL": "x"], nil),
    ] as [(String, [String: String], String?)])
  func findsExternalURLs(name: String, values: [String: String], url: String?) {
    #expect(AppEnvironment(values).externalURL(forResource: name) == url)
  }
}
