/// A client library that is loaded when it is needed cannot be.
public struct MissingLibraryError: Error, Sendable, Hashable {
  /// The library, for instance "libpq".
  public let name: String
  /// The dynamic loader's message.
  public let reason: String
  /// What to do about it.
  public let suggestion: String
}

extension MissingLibraryError: CustomStringConvertible {
  /// The error in words, without what to do about it.
  public var description: String { "\(name) cannot be loaded: \(reason)" }
}
