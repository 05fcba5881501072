/// A client library that is loaded when it is needed cannot be.
package struct MissingLibraryError: Error, Sendable, Hashable {
  /// The library, for instance "libpq".
  package let name: String
  /// The dynamic loader's message.
  package let reason: String
  /// What to do about it.
  package let suggestion: String
}

extension MissingLibraryError: CustomStringConvertible {
  /// The error in words, without what to do about it.
  package var description: String { "\(name) cannot be loaded: \(reason)" }
}
