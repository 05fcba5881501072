/// An error of a library that can be told in terms of what a user can do about it.
package protocol DrydockErrorConvertible: Error {
  /// The same for a user.
  /// - Parameter place: What stands before the message, such as `resource db: `; nothing where there is no such place.
  func drydockError(place: String) -> DrydockError
}

/// An error of a library that carries the system's error number and says nothing else.
package protocol SystemErrorCarrying: Error {
  /// The number, as in errno(3).
  var systemErrorNumber: Int32 { get }
}
