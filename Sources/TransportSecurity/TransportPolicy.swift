/// How clients may connect to a server.
package enum TransportPolicy: String, Sendable, Hashable, Codable {
  /// TLS is not spoken.
  case plain
  /// TLS besides plain connections.
  case optional
  /// TLS alone.
  case required
}
