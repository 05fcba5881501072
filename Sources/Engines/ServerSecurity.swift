package import TransportSecurity

/// What a server needs for TLS, and what its probes do.
package struct ServerSecurity: Sendable, Hashable {
  /// How clients may connect.
  package var policy: TransportPolicy
  /// The certificate authority's own certificate on this machine: a path to a PEM file.
  package var authorityFile: String
  /// The server's certificate and key; nil where a server that runs is only asked.
  package var identity: KeyedCertificate?

  /// The security of a server.
  package init(policy: TransportPolicy, authorityFile: String, identity: KeyedCertificate? = nil) {
    self.policy = policy
    self.authorityFile = authorityFile
    self.identity = identity
  }
}

extension ServerEngine {
  /// No TLS, as memcached has it on AWS.
  package func transport(options: [String: String], forcesTLS: Bool) -> TransportPolicy { .plain }
}

extension ServerRequest {
  /// The authority against which probes verify the server; nil where they connect without TLS.
  package var verifyingAuthority: String? {
    security?.policy == .required ? security?.authorityFile : nil
  }

  /// Where a recipe puts certificate and key; nil for a server without TLS.
  func tlsFiles(in folder: String, owner: String) -> TLSFiles? {
    guard let security, security.policy != .plain, let identity = security.identity else { return nil }
    return TLSFiles(policy: security.policy, identity: identity, folder: folder, owner: owner)
  }
}

/// The files by which a server gets its certificate.
struct TLSFiles {
  let policy: TransportPolicy
  let identity: KeyedCertificate
  let folder: String
  /// The user that the server runs as in its image.
  let owner: String

  var certificate: String { "\(folder)/server.crt" }
  var key: String { "\(folder)/server.key" }

  /// PostgreSQL takes no key that others than its own user may read.
  var files: [RecipeFile] {
    [
      RecipeFile(certificate, identity.certificate, mode: 0o644),
      RecipeFile(key, identity.privateKey, mode: 0o600, owner: owner),
    ]
  }
}
