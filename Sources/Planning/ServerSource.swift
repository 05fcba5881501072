package import Engines

/// What is going to run a server: an installation or an image.
package struct ServerSource: Sendable, Hashable {
  /// What runs it.
  package enum Origin: Sendable, Hashable {
    /// An engine installed on this machine.
    case installation(NativeInstallation)
    /// An image, and whether it has to be pulled first.
    case image(String, isLocal: Bool)
  }

  /// What runs it.
  package var origin: Origin
  /// The version, where it is known before the server runs.
  package var version: ServerVersion?
  /// The engine that stands in for the wanted one.
  package var standIn: String?
  /// What differs from what was asked for, in a sentence; nil when nothing does.
  package var drift: String?

  /// A source of a server.
  package init(_ origin: Origin, version: ServerVersion?, standIn: String? = nil, drift: String? = nil) {
    self.origin = origin
    self.version = version
    self.standIn = standIn
    self.drift = drift
  }

  /// Whether nothing has to be fetched.
  package var isLocal: Bool {
    if case .image(_, let isLocal) = origin { return isLocal }
    return true
  }
}
