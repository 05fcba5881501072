/// TLS for a PostgreSQL server: the settings and files by which it has a certificate.
import TransportSecurity

struct PostgresTLS {
  private let tls: TLSFiles

  init?(_ request: ServerRequest, folder: String) {
    guard let tls = request.tlsFiles(in: folder, owner: "postgres") else { return nil }
    self.tls = tls
  }

  var files: [RecipeFile] { tls.files }

  var settings: [String] {
    ["-c", "ssl=on", "-c", "ssl_cert_file=\(tls.certificate)", "-c", "ssl_key_file=\(tls.key)"]
  }

  /// Who may connect, as pg_hba.conf has it: `hostssl` alone where TLS is forced, as RDS has it with
  /// `rds.force_ssl`, so that a plain connection meets "no pg_hba.conf entry".
  /// - Parameter local: The lines for the server's own socket.
  static func access(_ request: ServerRequest, local: String) -> String {
    let host = request.security?.policy == .required ? "hostssl" : "host"
    return """
      \(local)
      \(host) all all all scram-sha-256
      \(host) replication drydock all scram-sha-256

      """
  }
}
