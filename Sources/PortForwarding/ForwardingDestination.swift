package import NativeProcess
import PortListeners

/// Where forwarded connections go.
package struct ForwardingDestination: Sendable, Hashable {
  /// The host, a name or an address.
  package var host: String
  /// The port.
  package var port: Int
  /// The certificates, a path to a PEM file, by which the other end is verified; nil for connections without TLS.
  package var authorityFile: String?
  /// Where a proxy listens unless it is told otherwise.
  package var defaultPort: Int
  /// The files of the process that has to listen there; nil for any other.
  package var server: EngineProcessFiles?

  /// A destination.
  /// - Parameter defaultPort: Nil for the port of the destination.
  package init(
    host: String, port: Int, authorityFile: String? = nil, defaultPort: Int? = nil,
    server: EngineProcessFiles? = nil
  ) {
    self.host = host
    self.port = port
    self.authorityFile = authorityFile
    self.defaultPort = defaultPort ?? port
    self.server = server
  }

  /// Whether connections end on this machine, where the destination's port is not free for a proxy.
  package var isOnThisMachine: Bool { ["127.0.0.1", "localhost", "::1"].contains(host) }

  /// Who has to listen before a client's bytes, passwords among them, are sent there.
  var listener: ExpectedListener? { server.map { ExpectedListener(port: port, processOf: $0) } }
}
