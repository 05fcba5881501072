import DrydockBase
import Testing

@Suite("Text as other programs read it")
struct ExactTextTests {
  @Test(
    "What has a combining mark behind is found and replaced",
    arguments: [
      ("a'\u{301}b", "'", "''", "a''\u{301}b"), ("'\u{200D}'", "'", "\"", "\"\u{200D}\""),
      ("a\r\nb", "\n", "|", "a\r|b"), ("s3cret\u{301}", "s3cret", "****", "****\u{301}"),
      ("plain", "", "x", "plain"), ("", "a", "b", ""),
    ])
  func replaces(_ text: String, _ old: String, _ new: String, _ result: String) {
    #expect(Array(text.replacingExactly(old, with: new).utf8) == Array(result.utf8))
  }

  @Test("Separators with a combining mark behind separate")
  func splits() {
    #expect("a/../\u{301}b".splitExactly(at: "/") == ["a", "..", "\u{301}b"])
    #expect("a\r\nb".splitExactly(at: "\n") == ["a\r", "b"])
    #expect("/a//".splitExactly(at: "/", omittingEmpty: false) == ["", "a", "", ""])
    #expect("a:b:c".splitExactly(at: ":", maxSplits: 1) == ["a", "b:c"])
    let pair = "K=\u{301}v=w".pairExactly(at: "=")
    #expect(pair?.head == "K" && pair?.tail == "\u{301}v=w")
    let none = "K".pairExactly(at: "=")?.head
    #expect(none == nil)
  }

  @Test("Beginnings, ends and parts are compared by their bytes")
  func compares() {
    #expect("/\u{301}a".beginsExactly(with: "/") && !"a".beginsExactly(with: "ab"))
    #expect("a/".endsExactly(with: "/") && !"a/\u{301}".endsExactly(with: "/"))
    #expect("x/\u{301}y".holdsExactly("/") && !"x".holdsExactly("xy") && "x\r\n".holdsExactly("\n"))
    #expect("\u{e9}" == "e\u{301}" && !"\u{e9}".isExactly("e\u{301}"))
  }
}
