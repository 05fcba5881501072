/// Archives for tests, also such as no program would make.
enum TarBytes {
  /// One member with its content.
  static func member(
    _ path: String, _ content: String = "", type: Character = "0", target: String = "",
    mode: String = "0000644"
  ) -> [UInt8] {
    var head = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at place: Int) {
      head.replaceSubrange(place..<(place + text.utf8.count), with: text.utf8)
    }
    put(path, at: 0)
    put(mode, at: 100)
    put(octal(content.utf8.count, 11), at: 124)
    put(String(type), at: 156)
    put(target, at: 157)
    put("ustar", at: 257)
    put("00", at: 263)
    seal(&head)
    let body = Array(content.utf8)
    return head + body + [UInt8](repeating: 0, count: (512 - body.count % 512) % 512)
  }

  /// Makes a head's checksum right.
  static func seal(_ bytes: inout [UInt8]) {
    bytes.replaceSubrange(148..<156, with: "        ".utf8)
    let sum = octal(bytes[..<512].reduce(0) { $0 + Int($1) }, 6)
    bytes.replaceSubrange(148..<156, with: Array("\(sum)\0 ".utf8))
  }

  /// A whole archive.
  static func archive(_ members: [UInt8]...) -> [UInt8] {
    members.flatMap { $0 } + [UInt8](repeating: 0, count: 1024)
  }

  private static func octal(_ value: Int, _ width: Int) -> String {
    let digits = String(value, radix: 8)
    return String(repeating: "0", count: width - digits.count) + digits
  }
}
