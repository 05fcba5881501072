package import DrydockBase

extension AtomicFileError: DrydockErrorConvertible {
  /// The failure for a user.
  package func drydockError(place: String) -> DrydockError {
    DrydockError(.cannotWrite, "\(place)\(message)", suggestion: suggestion)
  }
}
