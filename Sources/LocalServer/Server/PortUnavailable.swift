/// The port cannot be listened at.
package struct PortUnavailable: Error, Sendable {
  package let port: Int
  /// The system's error number: EADDRINUSE, EACCES.
  package let errno: Int32
}
