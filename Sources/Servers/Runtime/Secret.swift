/// Secrets that drydock makes.
package enum Secret {
  /// 128 bits from the system's random source, in hexadecimal digits: safe raw in a URL, as AWS puts it.
  package static func make() -> String {
    (0..<2).map { _ in
      let digits = String(UInt64.random(in: .min ... .max), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
