package import DrydockBase

extension TimeoutError: DrydockErrorConvertible {
  /// The missed deadline for a user.
  package func drydockError(place: String) -> DrydockError {
    DrydockError(.notReady, "\(place)\(self)", suggestion: "more time: --timeout SECONDS")
  }
}
