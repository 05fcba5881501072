import ConvoxManifest
import Testing

@Suite("Interpolation of the raw text, and the way back to the file")
struct InterpolationTests {
  @Test(
    "What ${…} becomes",
    arguments: [
      ("${A}", ["A": "x"], "x"), ("a${A}b", ["A": "x"], "axb"), ("${A}${B}", ["A": "1", "B": "-2"], "1-2"),
      ("$A", ["A": "x"], "$A"), ("a$", [:], "a$"), ("a${", [:], "a${"), ("${A", ["A": "x"], "${A"),
      ("x${A:-d}", ["A": "x"], "x"), ("x${A:-d}", ["A:-d": "y"], "xy"), ("x${A${B}", ["A${B": "z"], "xz"),
      ("${ A }", [" A ": "s"], "s"), ("$${A}", ["A": "x"], "$x"), ("\"${A}\"", ["A": "8.0"], "8.0"),
      ("${A}", ["A": "8.0"], "8"), ("${A}", ["A": "${B}", "B": "no"], "${B}"), ("${}x", ["": "e"], "ex"),
    ])
  func replaces(written: String, appEnvironment: [String: String], expected: String) throws {
    let text = "resources:\n  db:\n    type: mysql\n    options:\n      tags: \(written)\n"
    #expect(try load(text, appEnvironment).resources.first?.option("tags") == expected)
  }

  @Test("Keys and whole blocks can come from the app env, and findings point to the ${")
  func block() {
    let text = "resources:\n  ${NAME}: {type: ${TYPE}}\n  b: {}\n"
    let values = ["NAME": "one: {type: mysql}\n  two", "TYPE": "nosql"]
    #expect(
      errors(text, values) == ["2:19 no such resource type: nosql", "3:3 resource type can not be blank"])
  }

  @Test("Comments are interpolated too, without a warning for what is unset there")
  func comments() throws {
    let manifest = try load("# ${X}\nresources: # ${X}\n  db: {type: mysql}\n")
    #expect(manifest.warnings.isEmpty)
    #expect(errors("# ${X}\n", ["X": "\ntimers: [a]"]) == ["1:3 cannot unmarshal !!seq into yaml.MapSlice"])
  }

  @Test(
    "An unset variable in an option leaves the default, and is named at its place",
    arguments: [
      (
        "      storage: ${SIZE}", "5:16",
        "storage is empty because ${SIZE} is not set in the app env; it counts as not set (default 20)"
      ),
      (
        "      storage: \"${SIZE}\"", "5:17",
        "storage is empty because ${SIZE} is not set in the app env; it counts as not set (default 20)"
      ),
      (
        "      storage: ${SIZE} # GB", "5:16",
        "storage is empty because ${SIZE} is not set in the app env; it counts as not set (default 20)"
      ),
      (
        "      preferredBackupWindow: ${W}", "5:30",
        "preferredBackupWindow is empty because ${W} is not set in the app env; it counts as not set"
      ),
    ])
  func unsetOption(line: String, place: String, message: String) throws {
    let manifest = try load(
      "resources:\n  db:\n    type: mysql\n    options:\n\(line)\n      durable: true\n")
    #expect(manifest.warnings.map(short) == ["\(place) \(message)"])
    #expect(manifest.resources.first?.options.map(\.name) == ["durable"])
  }

  @Test("An unset variable that spoils a value is named by the error")
  func unsetSpoils() throws {
    let text = "resources:\n  db: {type: mysql, options: {version: \"8.${MINOR}\"}}\n"
    let errors = try load(text).deployErrors
    #expect(errors.map(short) == ["2:40 version takes a version such as 12 or 10.3.8, not `8.`"])
    #expect(errors.first?.suggestion == "${MINOR} is not set in the app env")
  }

  @Test("An unset variable elsewhere is a warning at its place")
  func unsetElsewhere() throws {
    #expect(
      try warnings("services:\n  web:\n    image: ${NAME}/${TAG:-latest}x\n", ["NAME": "web"]) == [
        "3:20 ${TAG:-latest} is not set in the app env and became empty"
      ])
    #expect(
      try warnings("resources:\n  db${X}: {type: mysql, options: {class: db.${Y}t3.micro}}\n") == [
        "2:5 ${X} is not set in the app env and became empty",
        "2:45 ${Y} is not set in the app env and became empty",
      ])
    #expect(try warnings("environment: [\"A=x\",\"B=${X}\"]\n").map { $0.prefix(4) } == ["1:24"])
  }

  @Test("An unset variable that breaks the YAML is named")
  func unsetBreaksYAML() throws {
    let text = "services:\n  web:\n    image: repo/web:${TAG}\n"
    let error = try #require(throws: ManifestError.self) { try load(text) }
    #expect(error.diagnostics.map(short) == ["3:20 mapping values are not allowed in this context"])
    #expect(error.diagnostics.first?.suggestion == "${TAG} is not set in the app env")
  }

  @Test(
    "Places count characters of the file, whatever its encoding details",
    arguments: [
      ("é: 1\nresources:\n  db: {}\n", ["3:3"]),
      ("resources:\n  db: {tags: \"héllo👩‍👩‍👧\", type: x}\n", ["2:30"]),
      ("resources:\r\n  # été\r\n  db: {}\r\n", ["3:3"]),
      ("\u{FEFF}resources:\n  db: {}\n", ["2:3"]),
      ("\u{FEFF}- a\n", ["1:1"]),
      ("resources:\r  db: {}\r", ["2:3"]),
      ("a: \"x\u{2028}  y\"\nresources:\n  db: {}\n", ["3:3"]),
      ("a: \"x\u{85}  y\"\nresources: {db: {}}\n", ["2:13"]),
      ("resources: {one: {type: ${LINES}}, two: {}}\n", ["1:25", "1:36"]),
      ("resources: {\"é${WORD}é\": {type: x}}\n", ["1:13", "1:33"]),
    ])
  func places(text: String, expected: [String]) {
    let values = ["LINES": "\"1\n\n  2\"", "WORD": "dé\u{301}jà"]
    #expect(errors(text, values).map { $0.prefix { $0 != " " } } == expected.map { $0[...] })
  }
}
