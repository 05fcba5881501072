package import DrydockBase

/// Something else listens on the port that a server was to have.
package struct PortTakenError: Error, Sendable, Hashable {
  package var port: Int
  /// Who has it, where that can be seen: `PID 4711 (redis-server)`.
  package var owner: String?

  /// - Parameter owner: Nil where nobody says who it is.
  package init(port: Int, owner: String? = nil) {
    self.port = port
    self.owner = owner
  }
}

extension PortTakenError: DrydockErrorConvertible {
  /// The taken port for a user.
  package func drydockError(place: String) -> DrydockError {
    DrydockError(
      .failed, "\(place)port \(port) is taken by \(owner ?? "another process")",
      suggestion: "stop it, or choose another port: --port NAME=PORT")
  }
}
