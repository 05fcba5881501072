/// Writes the members of an archive that a build is exported as.
enum TarWriter {
  private static let blockSize = 512
  /// What ends an archive.
  static let end = [UInt8](repeating: 0, count: 2 * blockSize)

  /// The head of a file, in the ustar format.
  static func member(_ name: String, size: Int) -> [UInt8] {
    var head = [UInt8](repeating: 0, count: blockSize)
    func put(_ text: String, at place: Int) {
      head.replaceSubrange(place..<(place + text.utf8.count), with: text.utf8)
    }
    put(name, at: 0)
    put("0000600", at: 100)
    put("0000000", at: 108)
    put("0000000", at: 116)
    put(octal(size, 11), at: 124)
    put(octal(0, 11), at: 136)
    put("0", at: 156)
    put("ustar", at: 257)
    put("00", at: 263)
    put("        ", at: 148)
    put(octal(head.reduce(0) { $0 + Int($1) }, 6) + "\0 ", at: 148)
    return head
  }

  /// What fills a content of so many bytes up to whole blocks.
  static func padding(_ size: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: (blockSize - size % blockSize) % blockSize)
  }

  private static func octal(_ value: Int, _ width: Int) -> String {
    let digits = String(value, radix: 8)
    return String(repeating: "0", count: width - digits.count) + digits
  }
}
