import NIOCore

extension RequestHead {
  /// The value of a cookie: RFC 6265, section 4.2.
  func cookie(_ name: String) -> String? {
    bytes.withUnsafeReadableBytes { raw in
      for line in fields.all(.cookie) {
        for pair in raw[line.value].split(separator: Bytes.semicolon).map(\.trimmed) {
          guard pair.starts(with: name.utf8), pair.count > name.utf8.count else { continue }
          let rest = pair.dropFirst(name.utf8.count)
          if rest.first == UInt8(ascii: "=") { return rest.dropFirst().text }
        }
      }
      return nil
    }
  }
}
