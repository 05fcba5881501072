import Testing

@testable import TerminalProgress

@Suite struct LineEditorTests {
  /// What typing these keys gives: the lines that were entered, `^C` and `^D` for the two ways out.
  private func type(_ keys: String, piece: Int = 100) -> [String] {
    var editor = LineEditor()
    var results: [String] = []
    let bytes = Array(keys.utf8)
    for start in stride(from: 0, to: bytes.count, by: piece) {
      editor.feed(Array(bytes[start..<min(start + piece, bytes.count)]))
      while let event = editor.next() {
        switch event {
        case .line(let line): results.append(line)
        case .cancelled: results.append("^C")
        case .end: results.append("^D")
        case .edited: break
        }
      }
    }
    return results
  }

  @Test(
    "Keys do what they do elsewhere",
    arguments: [
      ("get k\r", ["get k"]), ("ab\u{7f}c\r", ["ac"]), ("b\u{1}a\u{5}c\r", ["abc"]),
      ("ac\u{1B}[Db\r", ["abc"]), ("\u{1B}[D\u{1B}[Cx\r", ["x"]), ("ab\u{1B}[H\u{1B}[3~\r", ["b"]),
      ("one\rtwo\r\u{1B}[A\u{1B}[A\r", ["one", "two", "one"]), ("one\r\u{1B}OA!\r", ["one", "one!"]),
      ("one\rdraft\u{1B}[A\u{1B}[B\r", ["one", "draft"]), ("gone\u{15}kept\r", ["kept"]),
      ("keep gone\u{1}\u{6}\u{b}x\r", ["x"]), ("never\u{3}\u{4}", ["^C", "^D"]), ("ü🚢\u{7f}\r", ["ü"]),
      ("\u{1B}[99~\u{1B}[Za\r", ["a"]), ("a\u{4}\r", ["a"]),
    ])
  func keys(_ keys: String, _ lines: [String]) {
    #expect(type(keys) == lines)
    // A terminal may send a key's bytes one by one.
    #expect(type(keys, piece: 1) == lines)
  }
}
