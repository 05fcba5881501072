/// Collects what is found in a manifest, each finding once and a bounded number of them.
struct Findings: Sendable {
  /// More than anybody reads; the rest is left out.
  static let limit = 200

  private(set) var all: [Diagnostic] = []
  private var seen: Set<Diagnostic> = []
  private var counts: [Diagnostic.Severity: Int] = [:]

  /// Whether the manifest cannot be used.
  var hasErrors: Bool { counts[.error] != nil }

  /// Everything in the order of the file.
  var sorted: [Diagnostic] {
    all.enumerated().sorted { left, right in
      let (one, other) = (left.element.location, right.element.location)
      return (one.line, one.column, left.offset) < (other.line, other.column, right.offset)
    }.map(\.element)
  }

  /// How many findings of a kind there are.
  func count(_ severity: Diagnostic.Severity) -> Int { counts[severity, default: 0] }

  /// Whether no more findings of a kind are kept, so that a costly suggestion need not be made.
  func isFull(_ severity: Diagnostic.Severity) -> Bool { counts[severity, default: 0] >= Findings.limit }

  /// "did you mean NAME?", made only for a finding that is kept.
  func didYouMean(
    _ severity: Diagnostic.Severity, _ word: String, in candidates: some Sequence<String>
  ) -> String? {
    guard !isFull(severity) else { return nil }
    return nearest(to: word, in: Array(candidates.prefix(nearestLimit))).map { "did you mean \($0)?" }
  }

  mutating func add(
    _ severity: Diagnostic.Severity, at location: SourceLocation, _ message: String,
    suggestion: String? = nil
  ) {
    add(Diagnostic(severity, at: location, message, suggestion: suggestion))
  }

  mutating func add(_ diagnostic: Diagnostic) {
    let severity = diagnostic.severity
    guard !isFull(severity) else { return }
    guard seen.insert(diagnostic).inserted else { return }
    counts[severity, default: 0] += 1
    all.append(diagnostic)
  }
}
