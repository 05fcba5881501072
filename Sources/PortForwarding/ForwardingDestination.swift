/// Where forwarded connections go.
package struct ForwardingDestination: Sendable {
  /// The host, a name or an address.
  package var host: String
  package var port: Int
  /// The certificates, a path to a PEM file, by which the other end is verified; nil for connections without TLS.
  package var authorityFile: String?
  /// Where a proxy listens unless it is told otherwise.
  package var defaultPort: Int
  /// Who has to listen there.
  package var server: ExpectedServer

  /// A destination.
  /// - Parameter defaultPort: Nil for the port of the destination.
  package init(
    host: String, port: Int, authorityFile: String? = nil, defaultPort: Int? = nil,
    server: ExpectedServer = .anybody
  ) {
    self.host = host
    self.port = port
    self.authorityFile = authorityFile
    self.defaultPort = defaultPort ?? port
    self.server = server
  }

  /// Whether connections end on this machine, where the destination's port is not free for a proxy.
  package var isOnThisMachine: Bool { ["127.0.0.1", "localhost", "::1"].contains(host) }
}
