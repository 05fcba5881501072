import DrydockBase
import Testing

@Suite("Lines of a stream")
struct LineAssemblerTests {
  private static let text = "größe\r\n\nδεύτερη γραμμή\u{2028}still\nlast"

  @Test("They are whole whatever the pieces", arguments: 1...9)
  func pieces(_ size: Int) {
    let all = Array(Self.text.utf8)
    var assembler = LineAssembler()
    var lines: [String] = []
    for start in stride(from: 0, to: all.count, by: size) {
      lines += assembler.take(all[start..<min(start + size, all.count)])
    }
    #expect(lines == ["größe", "", "δεύτερη γραμμή\u{2028}still"])
    #expect(assembler.finish() == "last")
    #expect(assembler.finish() == nil)
  }

  @Test("One that never ends is held up to a limit, and says what is missing")
  func bounded() {
    var assembler = LineAssembler(limit: 4)
    for _ in 0..<1_000 { #expect(assembler.take(Array("abc".utf8)) == []) }
    #expect(assembler.take(Array("\nnext\nx".utf8)) == ["abca… (2996 more bytes)", "next"])
    #expect(assembler.finish() == "x")
  }

  @Test(
    "Where one is cut, no character is",
    arguments: [
      ("aaaä", "aaa… (4 more bytes)"), ("aa€x", "aa… (6 more bytes)"), ("🚀", "🚀"),
      ("a🚀", "a… (6 more bytes)"),
    ])
  func cutAtCharacters(text: String, line: String) {
    var assembler = LineAssembler(limit: 4)
    #expect(assembler.take(Array((text == "🚀" ? text : text + "zz").utf8)) == [])
    #expect(assembler.finish() == line)
  }

  @Test("Bytes that are no text are replaced")
  func replaced() {
    var assembler = LineAssembler()
    #expect(assembler.take([0x61, 0xFF, 0x0A]) == ["a\u{FFFD}"])
  }
}

#if os(Linux)
  @Suite("Files of the kernel")
  struct KernelFileTests {
    /// Bug: of a table longer than a page only the first 4,050 bytes were read.
    @Test("They are read to their end") func whole() throws {
      let text = try #require(KernelFile.text("/proc/self/smaps"))
      // Several pages in any process; its last mapping is whole.
      #expect(text.utf8.count > 3 * 4096)
      #expect(text.hasSuffix("\n"))
      #expect(text.contains("[stack]"))
    }

    @Test("What is not there is nothing") func missing() {
      #expect(KernelFile.read("/proc/self/there-is-none") == nil)
      #expect(KernelFile.read("/proc/self") == nil)
    }
  }
#endif
