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
    put("        ", at: 148)
    put(octal(head.reduce(0) { $0 + Int($1) }, 6), at: 148)
    let body = Array(content.utf8)
    return head + body + [UInt8](repeating: 0, count: (512 - body.count % 512) % 512)
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
