import ConvoxEnvironment
import Testing

private let block = MarkedBlock(begin: "# b", end: "# e")

@Suite struct MarkedBlockTests {
  @Test(arguments: [
    // absent: appended
    ("", "X=1\n", "# b\nX=1\n# e\n"),
    ("A=1\n", "X=1\n", "A=1\n# b\nX=1\n# e\n"),
    ("A=1", "X=1\n", "A=1\n# b\nX=1\n# e\n"),
    ("A=1\r\nB=2", "X=1\nY=2", "A=1\r\nB=2\r\n# b\r\nX=1\r\nY=2\r\n# e\r\n"),
    ("\n", "", "\n# b\n# e\n"),
    // there: replaced between its markers
    ("A=1\n# b\nold\nold2\n# e\nB=2", "X=1\n", "A=1\n# b\nX=1\n# e\nB=2"),
    ("# b\n# e", "X=1", "# b\nX=1\n# e"),
    ("# b\r\nold\n# e\r\nB\n", "X=1\nY=1\n", "# b\r\nX=1\r\nY=1\r\n# e\r\nB\n"),
    ("A\n# b\nX=1\n# e\nB\n", "", "A\n# b\n# e\nB\n"),
    ("  # b\t\nold\n# e \nz", "X", "  # b\t\nX\n# e \nz"),
    ("\u{FEFF}# b\n# e\n", "X", "\u{FEFF}# b\nX\n# e\n"),
    // no markers
    ("x # b\n# bb\n# e2\n", "X", "x # b\n# bb\n# e2\n# b\nX\n# e\n"),
  ])
  func updates(file: String, text: String, result: String) throws {
    let updated = try block.updating(Array(file.utf8), with: text)
    #expect(String(decoding: updated, as: UTF8.self) == result)
    #expect(try block.updating(updated, with: text) == updated)
  }

  @Test func everyOtherByteStays() throws {
    let before = (0...255).map { UInt8($0) } + [10]
    let after = Array(before.reversed())
    let file = before + Array("# b\nold\n# e\n".utf8) + after
    let updated = try block.updating(file, with: "new line\nand another")
    #expect(updated == before + Array("# b\nnew line\nand another\n# e\n".utf8) + after)
    #expect(try block.removing(from: updated) == before + after)
    #expect(try block.content(of: updated) == Array("new line\nand another\n".utf8))
  }

  @Test func appendingAndRemovingGivesTheFileBack() throws {
    for file in ["", "A=1\n", "A=1\r\nB=2\r\n", "\n\n"].map({ Array($0.utf8) }) {
      #expect(try block.removing(from: block.updating(file, with: "X=1")) == file)
      #expect(try block.removing(from: file) == file)
      #expect(try block.content(of: file) == nil)
    }
  }

  @Test(
    arguments: [
      ("# b\n# e\nA\n# b\n# e\n", .twoBlocks, 4),
      ("# b\n# b\n# e\n", .twoBlocks, 2),
      ("# b\n# e\n# e", .twoBlocks, 3),
      ("A\n# b\nX\n", .beginWithoutEnd, 2),
      ("A\r\n# e\r\nX\r\n", .endWithoutBegin, 2),
      ("# e\n# b\n", .endWithoutBegin, 1),
    ] as [(String, MarkedBlockError.Code, Int)])
  func refusesWhatItCannotTellApart(file: String, code: MarkedBlockError.Code, line: Int) {
    let bytes = Array(file.utf8)
    let expected = MarkedBlockError(code, line: line)
    #expect(throws: expected) { try block.updating(bytes, with: "X") }
    #expect(throws: expected) { try block.removing(from: bytes) }
    #expect(throws: expected) { try block.content(of: bytes) }
  }

  @Test(arguments: ["# b", "A\r\n # e \r\nB"])
  func refusesMarkersInTheText(text: String) {
    #expect(throws: MarkedBlockError(.markerInText)) { try block.updating([], with: text) }
  }

  @Test(arguments: [[0xFF, 0xFE, 0x41, 0], [0xFE, 0xFF, 0, 0x41]] as [[UInt8]])
  func refusesUTF16(file: [UInt8]) {
    #expect(throws: MarkedBlockError(.notASCIIBased)) { try block.updating(file, with: "X") }
  }
}
