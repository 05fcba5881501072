import ConvoxManifest
import Testing

@Suite("Files that no one meant")
struct HostileFileTests {
  private func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

  @Test("10 MB are refused before they are read")
  func tenMegabytes() {
    let bytes = [UInt8](repeating: UInt8(ascii: "#"), count: 10 << 20)
    #expect(errors(bytes) == ["1:1 the file has 10485760 bytes, more than the 1048576 that are read"])
  }

  @Test("The app env cannot blow the text up")
  func interpolationBomb() {
    let text = "# \(repeated("${X}", 1000))\n"
    let value = repeated("x", 10_000)
    #expect(errors(text, ["X": value]) == ["1:419 with ${X} the text is longer than 1048576 bytes"])
  }

  @Test("A long file is read")
  func largest() throws {
    let resource = "  r%: { type: mysql, options: { storage: 20 } }\n"
    let lines = (0..<4000).map { resource.replacing("%", with: "\($0)") }
    #expect(try load("resources:\n" + lines.joined()).resources.count == 4000)
    let flow = "resources: {" + (0..<4000).map { "é\($0): {}" }.joined(separator: ", ") + "}"
    #expect(errors(flow).count == 200)
  }

  @Test("Many of everything takes bounded time", .timeLimit(.minutes(3)))
  func manyOfEverything() throws {
    func numbered(_ count: Int, _ text: (Int) -> String) -> String { (0..<count).map(text).joined() }
    let unknown = numbered(10_000) { "a\($0)x: 1\n" }
    #expect(try load(unknown).warnings.count == 200)
    let links =
      "resources:\n" + numbered(4_000) { "  a\($0): {type: redis}\n" }
      + "services:\n  web:\n    resources:\n"
      + numbered(4_000) { "    - a\($0)\n    - b\($0)\n" }
    let manifest = try load(links)
    #expect(manifest.services.first?.resources.count == 4_000)
    #expect(manifest.deployFindings(catalog: testCatalog, appEnvironment: [:]).count == 200)
    let chain =
      "resources:\n  a0: {type: mysql}\n"
      + numbered(4_000) {
        "  a\($0 + 1): {type: mysql, options: {readSourceDB: \"#convox.resources.a\($0)\", version: \"5.7\"}}\n"
      }
    #expect(errors(chain) == [])
  }

  @Test("Services cannot fill the memory with copies of the app-wide list")
  func manyDeclarations() {
    let text =
      "environment: [" + repeated("a,", 30_000) + "]\nservices: {" + (0..<9000).map { "a\($0): ," }.joined()
      + "}"
    #expect(errors(text) == ["2:42 services declare more than 200000 variables"])
  }

  @Test("Too many values", arguments: ["- a\n", "[],", "a,"])
  func manyValues(item: String) {
    let count = 200_000
    let text = item.hasSuffix("\n") ? repeated(item, count) : "[" + repeated(item, count) + "]"
    #expect(errors(text).map { $0.contains("more than 100000 values") } == [true])
  }

  @Test(
    "Deep nesting of every kind",
    arguments: [
      ("[", ""), ("{a: ", ""), ("- ", ""), ("? ", ""), ("[a: ", ""), ("- ? ", ""), ("{? [", ""),
      ("[{a: ", ""),
    ])
  func deep(opening: String, rest: String) {
    for count in [101, 500, 990, 2_000, 100_000] {
      let messages = errors(repeated(opening, count))
      #expect(messages.count == 1, "\(count)")
    }
  }

  @Test("Nesting that is closed again is refused past the limit only")
  func depthLimit() throws {
    func nested(_ depth: Int) -> String { "x: " + repeated("[", depth) + repeated("]", depth) }
    #expect(errors(nested(98)) == [])
    #expect(errors(nested(100)) == ["1:103 nested deeper than 100 levels"])
    #expect(errors(nested(900)) == ["1:103 nested deeper than 100 levels"])
    #expect(errors(nested(5000)).map { $0.hasSuffix(" nested deeper than 100 levels") } == [true])
  }

  @Test("Nested blocks by indentation")
  func deepBlocks() {
    let maps = (0..<600).map { repeated(" ", $0) + "a:\n" }.joined()
    #expect(errors(maps) == ["101:101 nested deeper than 100 levels"])
    let lists = (0..<600).map { repeated(" ", $0 * 2) + "- a:\n" + repeated(" ", $0 * 2 + 3) + "b:\n" }
      .joined()
    #expect(errors(lists).count == 1)
  }

  @Test("An alias bomb, as values, in a merge and as a key")
  func aliasBomb() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      text += "a\(level): &a\(level) [" + repeated("*a\(level - 1),", 10) + "]\n"
    }
    #expect(errors(text).map { $0.contains("excessive aliasing") } == [true])
    // The same as keys, of an alias that alone is small enough.
    let keys = text.split(separator: "\n").prefix(4).joined(separator: "\n") + "\n"
    #expect(errors(keys + "? *a3\n: x\n") == ["5:3 invalid map key: an alias cannot be a key"])
    #expect(errors(keys + "? [*a3, *a3]\n: x\n") == ["5:3 invalid map key: a key has to be a word"])
    #expect(errors(keys + "z: {*a3 : x, **a3 : y}\n").count == 1)
    var maps = "m0: &m0 {a: b}\n"
    for level in 1...20 { maps += "m\(level): &m\(level) {<<: [" + repeated("*m\(level - 1),", 10) + "]}\n" }
    #expect(errors(maps).map { $0.contains("excessive aliasing") } == [true])
  }

  @Test(
    "Encodings",
    arguments: [
      ([0x61, 0x3A, 0x20, 0xFF], "1:4 the file is not UTF-8"),
      ([0x61, 0x3A, 0x0A, 0x62, 0xC3], "2:2 the file is not UTF-8"),
      ([0xFF, 0xFE, 0x61, 0x00], "1:1 the file is not UTF-8"),
      ([0xC3, 0xA9, 0x3A, 0xED, 0xA0, 0x80], "1:3 the file is not UTF-8"),
      ([0x61, 0x3A, 0x20, 0x00], "1:4 control characters are not allowed"),
      ([0x61, 0x3A, 0x20, 0x1B], "1:4 control characters are not allowed"),
      ([0x61, 0x3A, 0x20, 0xEF, 0xBB, 0xBF], "1:4 control characters are not allowed"),
      ([0x61, 0x3A, 0x20, 0xEF, 0xBF, 0xBF], "1:4 control characters are not allowed"),
    ] as [([UInt8], String)])
  func encodings(bytes: [UInt8], expected: String) {
    #expect(errors(bytes) == [expected])
  }

  @Test("A control character from the app env is placed at its ${")
  func controlCharacterFromEnvironment() throws {
    let error = try #require(throws: ManifestError.self) { try load("a: ${BELL}\n", ["BELL": "x\u{7}"]) }
    #expect(error.diagnostics.map(short) == ["1:4 control characters are not allowed"])
    #expect(error.diagnostics.first?.suggestion == "the app env's BELL has one")
  }

  @Test(
    "Broken YAML has a place",
    arguments: [
      (
        "resources:\n\tdb: {}\n",
        "2:1 found character that cannot start any token while scanning for the next token"
      ),
      ("a: [1\n", "2:1 did not find expected ',' or ']' while parsing a flow sequence"),
      ("a: \"x\n", "1:4 found unexpected end of stream while scanning a quoted scalar"),
      ("a: b: c\n", "1:5 mapping values are not allowed in this context"),
      (
        "a: */5 * * * *\n",
        "1:5 did not find expected alphabetic or numeric character while scanning an alias"
      ),
      ("a: @b\n", "1:4 found character that cannot start any token while scanning for the next token"),
      ("%YAML 9.9\n---\na: b\n", "1:1 found incompatible YAML document"),
      ("a: \"\\q\"\n", "1:5 found unknown escape character while parsing a quoted scalar"),
      ("a: \"\\ud800\"\n", "1:7 found invalid Unicode character escape code while parsing a quoted scalar"),
    ])
  func broken(text: String, expected: String) {
    #expect(errors(text) == [expected])
  }

  /// Bug: an open quote was reported at the end of the file, or at the next one that there is.
  @Test(
    "An open quote is reported where it opens",
    arguments: [
      ("a: b\nweb:\n  command: \"bin/web\n  port: 3000\n", "3:12", "is never closed"),
      ("web:\n  command: 'it\n  port: 3000\n", "2:12", "is never closed"),
      ("web:\n  command: \"bin/web\n  env:\n    - A: \"b\"\n", "2:12", "closes in line 4 only"),
      ("web: [\"a, b]\nother: [\"c\", d]\n", "1:7", "closes in line 2 only"),
      ("a: \"one\n  two\"\nb: c: d\n", "3:5", nil), ("a: it's\nb: c: d\n", "2:5", nil),
      ("# don't\nb: c: d\n", "2:5", nil),
    ] as [(String, String, String?)])
  func openQuote(text: String, place: String, suggestion: String?) throws {
    let error = try #require(throws: ManifestError.self) { try load(text) }
    let finding = try #require(error.diagnostics.first)
    #expect("\(finding.location.line):\(finding.location.column)" == place, "\(finding)")
    #expect(suggestion.map { finding.suggestion?.contains($0) == true } ?? (finding.suggestion == nil))
  }

  @Test("A tab is explained")
  func tab() throws {
    let error = try #require(throws: ManifestError.self) { try load("a:\n\tb: c\n") }
    #expect(error.diagnostics.first?.suggestion == "indent with spaces: YAML allows no tabs there")
  }
}
