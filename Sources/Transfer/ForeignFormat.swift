import DrydockBase

/// A format that an import does not read itself, and the program that turns it into one.
package struct ForeignFormat: Sendable, Hashable {
  /// What it is called.
  package let name: String
  /// The program with its words, to which the file's name is added; it writes to standard output.
  package let program: String
  /// What a file of it begins with.
  package let magic: [UInt8]

  /// Compressed files, by the first bytes that their formats' descriptions give, and text that is not in UTF-8.
  private static let all =
    [
      ForeignFormat(name: "compressed by xz", program: "xz -dc", magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
      ForeignFormat(name: "compressed by zstd", program: "zstd -dc", magic: [0x28, 0xb5, 0x2f, 0xfd]),
      ForeignFormat(name: "compressed by lz4", program: "lz4 -dc", magic: [0x04, 0x22, 0x4d, 0x18]),
      ForeignFormat(name: "compressed by lzip", program: "lzip -dc", magic: Array("LZIP".utf8)),
      ForeignFormat(name: "compressed by compress", program: "gzip -dc", magic: [0x1f, 0x9d]),
      ForeignFormat(name: "a zip archive", program: "unzip -p", magic: Array("PK\u{3}\u{4}".utf8)),
      ForeignFormat(name: "a 7z archive", program: "7z x -so", magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]),
      ForeignFormat(
        name: "in UTF-16, as PowerShell's > writes it", program: "iconv -f UTF-16 -t UTF-8",
        magic: [0xff, 0xfe]),
      ForeignFormat(name: "in UTF-16", program: "iconv -f UTF-16 -t UTF-8", magic: [0xfe, 0xff]),
    ]
    + (1...9).map { size in
      // The size of its blocks, and pi.
      ForeignFormat(
        name: "compressed by bzip2", program: "bzip2 -dc",
        magic: Array("BZh\(size)".utf8) + [0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
    }

  /// How many bytes tell all of them apart.
  package static let length = 10

  /// Refuses an input that begins so.
  /// - Throws: `DrydockError` with the command that imports it.
  package static func refuse(_ head: [UInt8], into resource: String) throws {
    guard let format = all.first(where: { head.starts(with: $0.magic) }) else { return }
    throw DrydockError(
      .failed, "resource \(resource): the input is \(format.name); nothing was changed",
      suggestion: "\(format.program) FILE | drydock resources import \(resource)")
  }
}
