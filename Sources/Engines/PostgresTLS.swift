/// TLS for a PostgreSQL server: the settings and files by which it has a certificate, and by which it refuses
/// plain connections where that is wanted.
struct PostgresTLS {
  private let tls: TLSFiles
  private let localMethod: String

  /// - Parameter localMethod: how the administrator proves himself on the server's own socket.
  init?(_ request: ServerRequest, folder: String, localMethod: String) {
    guard let tls = request.tlsFiles(in: folder, owner: "postgres") else { return nil }
    self.tls = tls
    self.localMethod = localMethod
  }

  private var accessFile: String { "\(tls.folder)/pg_hba.conf" }

  var settings: [String] {
    let settings = [
      "-c", "ssl=on", "-c", "ssl_cert_file=\(tls.certificate)", "-c", "ssl_key_file=\(tls.key)",
    ]
    return tls.policy == .required ? settings + ["-c", "hba_file=\(accessFile)"] : settings
  }

  var files: [RecipeFile] {
    guard tls.policy == .required else { return tls.files }
    return tls.files + [RecipeFile(accessFile, access, mode: 0o600, owner: tls.owner)]
  }

  /// `hostssl` alone, as RDS has it with `rds.force_ssl`: a plain connection meets "no pg_hba.conf entry".
  private var access: String {
    """
    local all all \(localMethod)
    hostssl all all all scram-sha-256
    local replication all \(localMethod)
    hostssl replication all all scram-sha-256

    """
  }
}
