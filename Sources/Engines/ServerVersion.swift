/// A version of an engine: `15.18`, `10.11.6`, `9`.
package struct ServerVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The numbers, most significant first; never empty.
  package let parts: [Int]

  /// The first run of numbers and dots in a text (`postgres (PostgreSQL) 15.18 (Debian …)` gives `15.18`), behind the
  /// epoch of a package's version where it begins with one (`1:10.11.18+maria~ubu2204` gives `10.11.18`, see
  /// deb-version(7)); nil when there is none, or one of the numbers is larger than any version's.
  package init?(in text: String) {
    var rest = Self.withoutEpoch(text.unicodeScalars[...])
    rest = rest.drop { !Self.isDigit($0) }
    var parts: [Int] = []
    while let digits = Self.digits(rest) {
      guard let number = Int(String(digits)) else { return nil }
      parts.append(number)
      rest = rest[digits.endIndex...]
      guard rest.first == "." else { break }
      rest = rest.dropFirst()
    }
    guard !parts.isEmpty else { return nil }
    self.parts = parts
  }

  private typealias Scalars = Substring.UnicodeScalarView

  private static func withoutEpoch(_ text: Scalars) -> Scalars {
    let text = text.drop { $0.properties.isWhitespace }
    guard let epoch = digits(text) else { return text }
    let rest = text[epoch.endIndex...]
    return rest.first == ":" && digits(rest.dropFirst()) != nil ? rest.dropFirst() : text
  }

  /// The digits at the beginning of a text; nil for none.
  private static func digits(_ text: Scalars) -> Scalars? {
    let digits = text.prefix(while: isDigit)
    return digits.isEmpty ? nil : digits
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  /// The first number.
  package var major: Int { parts.first ?? 0 }

  /// The first `count` numbers, fewer where the version has fewer.
  package func prefix(_ count: Int) -> [Int] { Array(parts.prefix(count)) }

  /// Whether this version is what `wanted` asks for: `15.18` satisfies `15` and `15.18`, not `15.1`.
  package func satisfies(_ wanted: ServerVersion) -> Bool {
    parts.count >= wanted.parts.count && prefix(wanted.parts.count) == wanted.parts
  }

  /// How many of its first numbers another one has too.
  func shared(with other: ServerVersion) -> Int {
    zip(parts, other.parts).prefix { $0 == $1 }.count
  }

  /// Orders by the numbers; `15` comes before `15.1`.
  package static func < (left: ServerVersion, right: ServerVersion) -> Bool {
    left.parts.lexicographicallyPrecedes(right.parts)
  }

  /// The numbers with dots between.
  package var description: String { parts.map(String.init).joined(separator: ".") }
}

extension Collection {
  /// The element whose version is best for a wanted one: of those that share most of its first numbers the nearest newer,
  /// else the newest; where none shares any, the nearest newer of all, else the newest.
  ///
  /// A newer server understands what an older one does far more often than the other way round.
  package func best(for wanted: ServerVersion, version: (Element) -> ServerVersion?) -> Element? {
    let known = compactMap { element in version(element).map { (element, $0) } }.sorted { $0.1 < $1.1 }
    if let exact = known.last(where: { $0.1.satisfies(wanted) }) { return exact.0 }
    let shared = known.map { $0.1.shared(with: wanted) }.max() ?? 0
    let series = known.filter { $0.1.shared(with: wanted) == shared }
    return (series.first { $0.1 > wanted } ?? series.last)?.0
  }
}
