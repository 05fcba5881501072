/// Something that would fail or surprise at deploy, as data: a condition on a resource and what to say.
///
/// In the texts `{name}`, `{prefix}`, `{version}` and `{service}` stand for the resource's name, the prefix of
/// its variables, its version (or the default one) and, for `linked`, the service that links it.
package struct DeployNote: Sendable, Hashable {
  /// When a note holds. An option that is not set counts with its default.
  package enum Condition: Sendable, Hashable {
    /// For every resource of the type.
    case always
    /// For every link of a service to the resource, placed at the link. Inside `all` it holds if any service
    /// links the resource.
    case linked
    /// An option has exactly this value.
    case option(String, is: String)
    /// An option is a number below this one.
    case optionBelow(String, Int)
    /// The version, set or default, is this one or later; compared number by number (`[15]`, `[7, 1]`).
    case versionAtLeast([Int])
    /// The version, set or default, lies in none of these spans. One that names fewer numbers than a span's
    /// beginning is all of its versions (`8` is 8.0 too).
    case versionOutside([VersionSpan])
    /// The version is set in convox.yml and lies in this span. One that names fewer numbers than the span's beginning
    /// may be of another one too, and is none of it.
    case versionWithin(VersionSpan)
    /// The version is set in convox.yml and says more than a major version does. A major version has this
    /// many numbers (PostgreSQL 1, MySQL 2), one more where its first number is below `legacyBelow`
    /// (PostgreSQL 10: `9.6` is major). Holds only while AWS upgrades minor versions by itself.
    case pinsMinorVersion(majorNumbers: Int, legacyBelow: Int?)
    /// All of these hold.
    case all([Condition])
  }

  /// Versions from one on, before another one.
  package struct VersionSpan: Sendable, Hashable {
    /// The first one.
    package var first: [Int]
    /// The first one that is no longer part of it.
    package var end: [Int]

    /// Versions from `first` on, before `end`.
    package init(from first: [Int], before end: [Int]) {
      self.first = first
      self.end = end
    }

    /// Whether a version is part of it.
    func contains(_ numbers: [Int]) -> Bool {
      first.starts(with: numbers) || holds(numbers)
    }

    /// Whether all that a version may mean is part of it.
    func holds(_ numbers: [Int]) -> Bool {
      !numbers.lexicographicallyPrecedes(first) && numbers.lexicographicallyPrecedes(end)
    }
  }

  /// When it holds.
  package var condition: Condition
  /// `error` where the deploy would fail.
  package var severity: Diagnostic.Severity
  /// What happens.
  package var message: String
  /// What to do about it.
  package var suggestion: String?

  /// A note with its condition.
  package init(
    _ condition: Condition, _ message: String, suggestion: String? = nil,
    severity: Diagnostic.Severity = .warning
  ) {
    self.condition = condition
    self.severity = severity
    self.message = message
    self.suggestion = suggestion
  }
}
