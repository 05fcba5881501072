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
    #expect(AppEnvironment.parse(text).values == values)
  }

  @Test func aFileIsReadWithItsOddities() throws {
    let text = "A=1\n\nB=\"x\"\r\nC='y'\nD=\"\nE=\"z'\n# F=1\nexport G=1\nH=''\n#note\na.b=1"
    let (environment, warnings) = try AppEnvironment.read(Array(text.utf8))
    #expect(
      warnings.map { $0.prefix(8) } == [
        "line 3: ", "line 4: ", "line 7: ", "line 8: ", "line 9: ", "line 11:",
      ])
    #expect(warnings[0].contains("B") && !warnings[0].contains("x\""))
    #expect(warnings[2].contains("comment"))
    #expect(warnings[3].contains("export") && warnings[3].contains(" G"))
    #expect(environment.values["G"] == "1" && environment.values["export G"] == nil)
    #expect(environment.values["B"] == "\"x\"" && environment.values["a.b"] == "1")
    #expect(!environment.values.keys.contains { $0.hasPrefix("#") })
  }

  @Test func aByteOrderMarkIsNoPartOfAName() throws {
    let bytes: [UInt8] = [0xEF, 0xBB, 0xBF] + Array("A=1".utf8)
    // A list of the functions themselves ends the compiler (Swift 6.3).
    for isDotenv in [false, true] {
      let (environment, warnings) = try isDotenv ? DotenvFile.read(bytes) : AppEnvironment.read(bytes)
      #expect(environment.values == ["A": "1"])
      #expect(warnings.count == 1 && warnings[0].contains("byte order mark"))
    }
  }

  @Test(
    arguments: [
      ([0x41, 0x3D, 0xE9, 0x0A], 1), (Array("A=1\nB=".utf8) + [0xFF], 2), ([0xFF, 0xFE, 0x41, 0x00], 1),
    ] as [([UInt8], Int)])
  func bytesThatAreNoUTF8AreRefused(bytes: [UInt8], line: Int) {
    #expect(throws: EnvironmentFileError(line: line)) { try AppEnvironment.read(bytes) }
    #expect(throws: EnvironmentFileError(line: line)) { try DotenvFile.read(bytes) }
  }

  @Test(
    arguments: [
      ("A", "1", nil), ("_a1", "", nil), ("a.b-c", "", nil), ("1A", "", "no name"), ("", "", "no name"),
      ("A B", "", "no name"), ("#A", "", "no name"), ("Å", "", "no name"), ("-A", "", "no name"),
      ("A\nB", "", "no name"), ("A", "x\0y", "NUL"), ("A", String(repeating: "x", count: 65_533), nil),
      ("A", String(repeating: "x", count: 65_534), "64 KiB"),
      ("A", String(repeating: "x", count: 40_000) + "\n" + String(repeating: "x", count: 40_000), nil),
      ("A", "\n" + String(repeating: "x", count: 65_536), "64 KiB"),
    ] as [(String, String, String?)])
  func whatCanBeSet(name: String, value: String, problem: String?) {
    let found = AppEnvironmentRules.obstacle(name: name, value: value)
    #expect((found == nil) == (problem == nil))
    #expect(problem.map { found?.contains($0) == true } ?? true)
    let environment = AppEnvironment([name: value])
    #expect((AppEnvironmentRules.overlongName(in: environment) != nil) == (problem == "64 KiB"))
  }

  @Test func whatIsBetterNotSetIsTold() {
    #expect(AppEnvironmentRules.warning(name: "A", value: "x") == nil)
    let key = AppEnvironmentRules.warning(name: "KEY", value: "-----BEGIN\nMII\n")
    #expect(key?.contains("KEY") == true && key?.contains("MII") == false)
    #expect(AppEnvironmentRules.warning(name: "a.b", value: "x")?.contains("a.b") == true)
  }

  @Test func writesWholeLinesSorted() {
    let environment = AppEnvironment(["A": "2", "A1": "x", "A_B": "", "B": "a=b"])
    #expect(environment.text == "A1=x\nA=2\nA_B=\nB=a=b")
    #expect(AppEnvironment.parse(environment.text) == environment)
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
