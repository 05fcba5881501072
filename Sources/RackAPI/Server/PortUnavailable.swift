/// The port cannot be listened at.
public struct PortUnavailable: Error, Sendable {
  /// The port.
  public let port: Int
  /// The system's error number: EADDRINUSE, EACCES.
  public let errno: Int32
}
