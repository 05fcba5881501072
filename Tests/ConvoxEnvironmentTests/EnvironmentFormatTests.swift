import ConvoxEnvironment
import Foundation
import Testing

/// Values with every printable and some other characters at every kind of place.
private let values: [String] = {
  let others = "\u{85}\u{A0}é日\u{2028}\u{3000}🚢".unicodeScalars
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

/// The table as variables, those aside that the format refuses.
private func variables(for format: EnvironmentFormat) -> [EnvironmentVariable] {
  let all = values.enumerated().map { EnvironmentVariable(name: "V\($0)_", value: $1) }
  return all.filter { (try? render([$0], as: format)) != nil }
}

/// What was written and what was read instead.
private func differences(_ written: [EnvironmentVariable], _ read: [String: String]) -> [String] {
  written.filter { read[$0.name] != $0.value }
    .map { "\($0.name): \($0.value.debugDescription) read as \(read[$0.name].debugDescription)" }
}

@Suite struct EnvironmentFormatTests {
  @Test(arguments: Reader.allCases)
  func dotenvMeansTheSameToAll(reader: Reader) async throws {
    guard await reader.isThere() else { return skip("\(reader.rawValue) cannot read dotenv files here") }
    let variables = variables(for: .dotenv)
    try await withTestFolder { folder throws in
      let file = folder.appendingPathComponent("file.env")
      try Data(try render(variables, as: .dotenv).utf8).write(to: file)
      let finished = try await run(reader.program, reader.arguments(file.path), in: folder)
      try #require(finished.status == 0)
      #expect(differences(variables, parseNulSeparated(finished.output)) == [])
    }
  }

  /// Docker takes what follows `=` literally.
  @Test func dotenvLinesAreLiteral() throws {
    for variable in variables(for: .dotenv) {
      #expect(try render([variable], as: .dotenv) == "\(variable.name)=\(variable.value)\n")
    }
  }

  @Test func dotenvHoldsEveryURLCharacter() throws {
    let unreserved = "ABCXYZabcxyz0189-._"
    let reserved = ":/?@!*+,=%[]{}^"
    #expect(throws: Never.self) {
      try render([EnvironmentVariable(name: "A", value: unreserved + reserved)], as: .dotenv)
    }
  }

  @Test func refusalNamesEveryVariableAndNoValue() throws {
    let secret = "s3cret"
    let variables = [
      EnvironmentVariable(name: "B", value: "\(secret) x"), EnvironmentVariable(name: "OK", value: secret),
      EnvironmentVariable(name: "A", value: "\(secret)$"), EnvironmentVariable(name: "a.b", value: secret),
      EnvironmentVariable(name: "C", value: String(repeating: "x", count: 65_535)),
      EnvironmentVariable(name: "D", value: "~/x"), EnvironmentVariable(name: "1E", value: ""),
    ]
    let error = #expect(throws: EnvironmentFormatError.self) { try render(variables, as: .dotenv) }
    #expect(error?.format == .dotenv)
    #expect(error?.obstacles.map(\.name) == ["1E", "A", "B", "C", "D", "a.b"])
    let message = try #require(error?.message)
    #expect(message.contains("A contains $") && message.contains("B contains a space"))
    #expect(!message.contains(secret))
  }

  @Test(arguments: ["sh", "bash", "dash", "zsh"])
  func shellsReadTheirFormat(shell: String) async throws {
    guard await Reader(rawValue: shell)?.isThere() == true else { return skip("no \(shell) here") }
    let variables = variables(for: .shell)
    #expect(variables.count == values.count)
    try await withTestFolder { folder throws in
      let file = folder.appendingPathComponent("file.sh")
      try Data(try render(variables, as: .shell).utf8).write(to: file)
      let finished = try await run(shell, ["-c", #". "$1"; exec env -0"#, "reader", file.path], in: folder)
      #expect(differences(variables, parseNulSeparated(finished.output)) == [])
    }
  }

  @Test func aQuoteWithACombiningMarkEndsNoWord() async throws {
    let value = "a'\u{301}$(echo run)'\u{301}"
    let finished = try await withTestFolder { folder throws in
      try await run("sh", ["-c", "printf %s \(quotedForShell(value))"], in: folder)
    }
    #expect(Array(finished.output) == Array(value.utf8))
  }

  @Test func jsonIsOneSortedObject() throws {
    let variables = variables(for: .json) + [EnvironmentVariable(name: "n\"\\\u{7F}", value: "\0")]
    let text = try render(variables.shuffled(), as: .json)
    let decoded = try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
    #expect(decoded == Dictionary(uniqueKeysWithValues: variables.map { ($0.name, $0.value) }))
    let few = ["b", "B", "a10", "a2", "_"].map { EnvironmentVariable(name: $0, value: "1") }
    let sorted = ["B", "_", "a10", "a2", "b"].map { "  \"\($0)\": \"1\"" }.joined(separator: ",\n")
    #expect(try render(few, as: .json) == "{\n\(sorted)\n}\n")
    #expect(try render([], as: .json) == "{}\n")
  }

  @Test func githubReadsItsFormat() throws {
    let variables = variables(for: .github)
    let text = try render(variables, as: .github)
    #expect(differences(variables, parseGithub(text)) == [])
    #expect(try render([EnvironmentVariable(name: "A", value: "<<B")], as: .github) == "A=<<B\n")
    #expect(throws: EnvironmentFormatError.self) {
      try render([EnvironmentVariable(name: "A", value: "x\r")], as: .github)
    }
  }

  @Test func lastOfEqualNamesCounts() throws {
    let twice = ["1", "2"].map { EnvironmentVariable(name: "A", value: $0) }
    #expect(try render(twice, as: .dotenv) == "A=2\n")
  }
}
