extension Result {
  /// What it came to; nil for a failure, which is somebody else's to look at.
  package var success: Success? {
    switch self {
    case .success(let value): value
    case .failure: nil
    }
  }
}
