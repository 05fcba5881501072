package import DrydockBase

extension ProbeFailure: DrydockErrorConvertible {
  /// The failure for a user.
  package func drydockError(place: String) -> DrydockError {
    let isFull = WriteRemedy.saysDiskIsFull("\(self)")
    return DrydockError(
      isFull ? .cannotWrite : .failed, "\(place)\(self)", suggestion: isFull ? WriteRemedy.ofServer : nil)
  }
}

extension StatementError: DrydockErrorConvertible {
  /// The refusal for a user, in the server's own words.
  package func drydockError(place: String) -> DrydockError {
    let isFull = WriteRemedy.saysDiskIsFull(message)
    return DrydockError(
      isFull ? .cannotWrite : .failed, "\(place)\(self)", suggestion: isFull ? WriteRemedy.ofServer : nil)
  }
}

extension MissingLibraryError: DrydockErrorConvertible {
  /// The failure for a user.
  package func drydockError(place: String) -> DrydockError {
    DrydockError(.unavailable, "\(place)\(self)", suggestion: suggestion)
  }
}
