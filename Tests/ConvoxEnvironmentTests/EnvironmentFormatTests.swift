import ConvoxEnvironment
import DrydockTestSupport
import Foundation
import Testing

/// Values with every printable and some other characters at every kind of place.
private let values: [String] = {
  let others = "\u{85}\u{FEFF}\u{A0}é日\u{2028}\u{3000}🚢".unicodeScalars
  let scalars = (1...126).map { UnicodeScalar(UInt8($0)) } + Array(others)
  let forms = scalars.map(String.init).flatMap { character in
    [
      character, "\(character)ab", "ab\(character)cd", "ab\(character)", "a:\(character)/b",
      "a=\(character)/b", "\(character)ab\(character)", "{\(character),b}",
    ]
  }
  // To Swift a character with a combining mark behind is another one; to all readers it is what it was.
  let marked = (33...126).map { "a\(UnicodeScalar(UInt8($0)))\u{301}b" }
  return ["", "postgres://app:pa%s!w@127.0.0.1:5432/app", "x\n", "\n", "a\nDRYDOCK_END\nb", "<<"] + forms
    + marked
}()

/// Values put together at random from what readers make something of, the same on every run.
private let generated: [String] = {
  let parts = [
    "'", "\"", "`", "$", "${", "}", "$(", ")", "\\", "\\n", "#", " #", " ", "\t", "\n", "\n#A=1\n", "\nB=2",
    "\r", "=",
    "a", "é", "!", "~", "%s", "*", ";", "&&", "export X=1", "\u{FEFF}", "-----BEGIN KEY-----",
  ]
  var seed: UInt64 = 12
  func next(_ bound: Int) -> Int {
    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(seed >> 33) % bound
  }
  return (0..<600).map { _ in (0...next(6)).map { _ in parts[next(parts.count)] }.joined() }
}()

/// The tables as variables, those aside that the format cannot hold.
private func variables(for format: EnvironmentFormat) -> [EnvironmentVariable] {
  let all = (values + generated).enumerated().map { EnvironmentVariable(name: "V\($0)_", value: $1) }
  let omitted = Set(render(all, as: format).omissions.map(\.name))
  return all.filter { !omitted.contains($0.name) }
}

/// What was written and what was read instead.
private func differences(_ written: [EnvironmentVariable], _ read: [String: String]) -> [String] {
  written.filter { read[$0.name] != $0.value }
    .map { "\($0.name): \($0.value.debugDescription) read as \(read[$0.name].debugDescription)" }
}

@Suite struct EnvironmentFormatTests {
  /// Bug: dotenv for node, which trims values by JavaScript's rules, left it out at a bare value's ends.
  @Test func aByteOrderMarkIsQuoted() {
    let variable = EnvironmentVariable(name: "A", value: "\u{FEFF}x")
    #expect(render([variable], as: .dotenv).text.hasSuffix("A='\u{FEFF}x'\n"))
  }

  @Test(arguments: Reader.allCases)
  func readersReadTheirFileAlike(reader: Reader) async throws {
    guard await reader.isThere() else { return skip("\(reader.rawValue) cannot read dotenv files here") }
    let format: EnvironmentFormat = reader == .docker ? .docker : .dotenv
    let odd = EnvironmentVariable(name: "odd\n'\"V_=1", value: "x")
    let variables = variables(for: format)
    try await withTestFolder { folder throws in
      let file = folder.appendingPathComponent("file.env")
      try Data(render(variables + [odd], as: format).text.utf8).write(to: file)
      let finished = try await runProgram(reader.program, reader.arguments(file.path), in: folder)
      try #require(finished.status == 0)
      let read = parseNulSeparated(finished.output)
      #expect(differences(variables, read) == [])
      #expect(read.count == variables.count)
    }
  }

  @Test func pythonsRulesReadDotenvAlike() {
    let variables = variables(for: .dotenv)
    let read = parseLikePythonDotenv(render(variables, as: .dotenv).text)
    #expect(differences(variables, read) == [])
    #expect(read.count == variables.count)
  }

  /// Docker takes what follows `=` literally, in its own format and in a dotenv line without quotes.
  @Test func dockerLinesAreLiteral() {
    for variable in variables(for: .docker) {
      #expect(render([variable], as: .docker).text == "\(variable.name)=\(variable.value)\n")
    }
  }

  @Test(arguments: [
    ("", ""), ("a", "a"), ("hello world", "'hello world'"), ("it's", "\"it's\""), ("$5", "'$5'"),
    ("a # b", "'a # b'"), ("say \"hi\"", "'say \"hi\"'"), ("a\nb", "'a\nb'"), (#"C:\dir"#, #"'C:\dir'"#),
    ("~/x", "'~/x'"), ("a~b", "a~b"),
    ("ABCXYZabcxyz0189-._:/?@!*+,=%[]{}^", "ABCXYZabcxyz0189-._:/?@!*+,=%[]{}^"),
  ])
  func dotenvQuotesWhereItHasTo(value: String, written: String) {
    let variable = EnvironmentVariable(name: "A", value: value)
    let lines = render([variable], as: .dotenv).text.drop { $0 != "A" }
    #expect(lines == "A=\(written)\n")
  }

  @Test(arguments: [
    ("it's $5", EnvironmentFormat.dotenv), ("a${B}", .dotenv), ("a\rb", .dotenv), ("it's \"", .dotenv),
    (#"a\"#, .dotenv), (#"\\a"#, .dotenv), ("a\nb", .docker), ("a\r", .docker), ("a\0", .shell),
    ("a\r", .github),
    (String(repeating: "x", count: 65_535), .docker),
  ])
  func whatAFormatCannotHoldIsLeftOutByName(value: String, format: EnvironmentFormat) throws {
    let secret = "s3cret"
    let others = [EnvironmentVariable(name: "OK", value: "1"), EnvironmentVariable(name: "Z", value: "2")]
    let rendered = render(
      others + [EnvironmentVariable(name: "KEY", value: "\(secret)\(value)")], as: format)
    #expect(rendered.omissions.map(\.name) == ["KEY"])
    let warning = try #require(rendered.warning("web.env", command: "drydock env web"))
    #expect(warning.contains("KEY ") && warning.contains("web.env") && !warning.contains(secret))
    #expect(rendered.text.hasSuffix(render(others, as: format).text) && !rendered.text.contains(secret))
    let isCommentAllowed = format == .dotenv || format == .docker
    #expect(rendered.text.contains("# left out: KEY") == isCommentAllowed)
  }

  @Test(arguments: EnvironmentFormat.allCases)
  func anOddNameSpoilsNothing(format: EnvironmentFormat) throws {
    let names = ["1A", "a b", "#X", "OK"]
    let rendered = render(names.map { EnvironmentVariable(name: $0, value: "1") }, as: format)
    let omitted = ["#X", "1A", "a b"].filter { format != .docker || $0 != "1A" }
    #expect(rendered.omissions.map(\.name) == (format == .json ? [] : omitted))
    #expect(rendered.text.contains("OK"))
    if format == .shell {
      #expect(rendered.text == "export OK='1'\n")
      #expect(rendered.warning("", command: "")?.hasSuffix("--format json") == true)
    }
  }

  @Test(arguments: ["sh", "bash", "dash", "zsh"])
  func shellsReadTheirFormat(shell: String) async throws {
    guard await Reader(rawValue: shell)?.isThere() == true else { return skip("no \(shell) here") }
    let variables = variables(for: .shell)
    #expect(variables.count == values.count + generated.count)
    try await withTestFolder { folder throws in
      let file = folder.appendingPathComponent("file.sh")
      try Data(render(variables, as: .shell).text.utf8).write(to: file)
      let finished = try await runProgram(
        shell, ["-c", #". "$1"; exec env -0"#, "reader", file.path], in: folder)
      #expect(differences(variables, parseNulSeparated(finished.output)) == [])
    }
  }

  @Test func aQuoteWithACombiningMarkEndsNoWord() async throws {
    let value = "a'\u{301}$(echo run)'\u{301}"
    let finished = try await withTestFolder { folder throws in
      try await runProgram("sh", ["-c", "printf %s \(quotedForShell(value))"], in: folder)
    }
    #expect(Array(finished.output) == Array(value.utf8))
  }

  @Test func jsonIsOneSortedObject() throws {
    let variables = variables(for: .json) + [EnvironmentVariable(name: "n\"\\\u{7F}", value: "\0")]
    let text = render(variables.shuffled(), as: .json).text
    let decoded = try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
    #expect(decoded == Dictionary(uniqueKeysWithValues: variables.map { ($0.name, $0.value) }))
    let few = ["b", "B", "a10", "a2", "_"].map { EnvironmentVariable(name: $0, value: "1") }
    let sorted = ["B", "_", "a10", "a2", "b"].map { "  \"\($0)\": \"1\"" }.joined(separator: ",\n")
    #expect(render(few, as: .json).text == "{\n\(sorted)\n}\n")
    #expect(render([], as: .json).text == "{}\n")
  }

  @Test func githubReadsItsFormat() {
    let variables = variables(for: .github)
    let text = render(variables, as: .github).text
    #expect(differences(variables, parseGithub(text)) == [])
    #expect(render([EnvironmentVariable(name: "A", value: "<<B")], as: .github).text == "A=<<B\n")
  }

  @Test func lastOfEqualNamesCounts() {
    let twice = ["1", "2"].map { EnvironmentVariable(name: "A", value: $0) }
    #expect(render(twice, as: .dotenv).text == "A=2\n")
  }
}
