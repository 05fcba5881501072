import DrydockBase
import Testing

@testable import Transfer

/// A file that an import does not read is refused with the command that imports it.
@Suite struct ForeignFormatTests {
  @Test(
    "Compressed files and UTF-16 are told by their first bytes",
    arguments: [
      ("xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]), ("zstd", [0x28, 0xb5, 0x2f, 0xfd, 4]),
      ("bzip2", Array("BZh9".utf8) + [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]), ("unzip -p", [0x50, 0x4b, 3, 4]),
      ("iconv", [0xff, 0xfe, 0x2d, 0]),
    ] as [(String, [UInt8])])
  func refusals(_ program: String, _ head: [UInt8]) throws {
    let error = #expect(throws: DrydockError.self) { try ForeignFormat.refuse(head, into: "db") }
    #expect(error?.suggestion?.contains(program) == true)
    #expect(error?.suggestion?.hasSuffix("FILE | drydock resources import db") == true)
    #expect(error?.message.contains("nothing was changed") == true)
  }

  @Test(
    "All else passes", arguments: ["", "BZh", "BZhello world", "--\n-- PostgreSQL database dump", "PGDMP"])
  func others(_ head: String) throws {
    try ForeignFormat.refuse(Array(head.utf8), into: "db")
  }
}
