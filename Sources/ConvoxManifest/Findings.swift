/// Collects what is found in a manifest, each finding once and a bounded number of them.
struct Findings: Sendable {
  /// More than anybody reads; the rest is left out.
  static let limit = 200

  private(set) var all: [Diagnostic] = []
  private var seen: Set<Diagnostic> = []

  /// Whether the manifest cannot be used.
  var hasErrors: Bool { all.contains { $0.severity == .error } }

  /// Everything in the order of the file.
  var sorted: [Diagnostic] {
    all.enumerated().sorted { left, right in
      let (one, other) = (left.element.location, right.element.location)
      return (one.line, one.column, left.offset) < (other.line, other.column, right.offset)
    }.map(\.element)
  }

  mutating func add(_ diagnostic: Diagnostic) {
    let count = all.count { $0.severity == diagnostic.severity }
    guard count < Findings.limit, seen.insert(diagnostic).inserted else { return }
    all.append(diagnostic)
  }
}
