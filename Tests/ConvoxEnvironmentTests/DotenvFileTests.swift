import ConvoxEnvironment
import Testing

@Suite struct DotenvFileTests {
  @Test(arguments: [
    ("A=1\nB=2", ["A": "1", "B": "2"]), ("A = 1 \r\nB= x y # note\n", ["A": "1", "B": "x y"]),
    ("export A=1\n\n# B=2\n  C=3", ["A": "1", "C": "3"]), ("A=\nB=''\nC=\"\"", ["A": "", "B": "", "C": ""]),
    ("A='it is # \"x\" $5' # note\nB=1", ["A": "it is # \"x\" $5", "B": "1"]),
    ("A=\"one\\ntwo \\\"x\\\" \\$5 \\d\\\\\"\nB=1", ["A": "one\ntwo \"x\" $5 \\d\\", "B": "1"]),
    ("A='one\ntwo=2\n'\nB=1", ["A": "one\ntwo=2\n", "B": "1"]), ("A='open\nB=1", ["A": "'open", "B": "1"]),
    ("A='a'b\nB=1", ["A": "'a'b", "B": "1"]), ("A=a#b\nB=#c", ["A": "a#b", "B": ""]),
    ("A=1\nA=2\nnonsense\n", ["A": "2"]), ("", [:]),
  ])
  func readsAsLibrariesDo(text: String, values: [String: String]) throws {
    #expect(try DotenvFile.read(Array(text.utf8)).environment.values == values)
  }

  @Test func whatDrydockWritesComesBack() throws {
    let odd = [
      "it's", "a b", "$5 and $HOME", "#", "a # b", "\"", "`", "~/x", "x\ny=1\n", "\\n", "C:\\dir", " ", "",
    ]
    let values = Dictionary(uniqueKeysWithValues: odd.enumerated().map { ("V\($0)", $1) })
    let rendered = render(values.map { EnvironmentVariable(name: $0, value: $1) }, as: .dotenv)
    #expect(rendered.omissions.isEmpty)
    let (environment, warnings) = try DotenvFile.read(Array(rendered.text.utf8))
    #expect(environment.values == values)
    #expect(warnings.isEmpty)
  }

  @Test func whatLibrariesReadInDifferentWaysIsTold() throws {
    let text = "A=${HOME}/x\nB=\"$C\"\nnonsense\nD='$E'\n"
    let (environment, warnings) = try DotenvFile.read(Array(text.utf8))
    #expect(environment.values == ["A": "${HOME}/x", "B": "$C", "D": "$E"])
    #expect(warnings.map { $0.prefix(7) } == ["line 1:", "line 2:", "line 3:"])
  }

  /// Bug: the first line of a key whose quote was forgotten was stored without a word.
  @Test func aQuoteWithoutAnEndIsTold() throws {
    let (environment, warnings) = try DotenvFile.read(Array("A=\"one\nB='\nC=\"\\\"x\"\nD=`y`\n".utf8))
    #expect(environment.values == ["A": "\"one", "B": "'", "C": "\"x", "D": "y"])
    #expect(warnings.map { $0.prefix(7) } == ["line 1:", "line 2:"])
  }
}
