/// Spans of time as Convox's tool takes and sends them: `10m`, `24h0m0s`, `1.5s`, `500ms`.
package enum LogSpan {
  /// Longer than any log goes back, so that no sum is too large.
  private static let limit = 1e9

  /// The seconds of a span; nil for any other text.
  package static func seconds(_ text: String) -> Double? {
    let units: [String: Double] = [
      "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9,
    ]
    var total = 0.0
    var rest = Substring(text)
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(digits.count)
      let name = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
      rest = rest.dropFirst(name.count)
      guard let number = Double(digits), let unit = units[String(name)] else { return nil }
      total += number * unit
    }
    return total.isFinite ? min(total, limit) : nil
  }
}
