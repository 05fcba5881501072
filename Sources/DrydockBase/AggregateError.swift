/// Several things failed side by side.
package struct AggregateError: Error, Sendable {
  /// What went wrong with each, in the order of the manifest.
  package var failures: [(resource: String, error: DrydockError)]

  /// The kind of failure that decides the exit status: the first one's, a missed deadline last.
  package var code: DrydockError.Code {
    failures.map(\.error.code).first { $0 != .notReady } ?? failures.first?.error.code ?? .failed
  }

  /// Failures, in the order of the manifest.
  package init(_ failures: [(resource: String, error: DrydockError)]) {
    self.failures = failures
  }
}
