package import ConvoxEnvironment
import Essentials

extension LocalAuthority {
  /// The variables by which a program trusts the authority besides the system's roots: Node's, OpenSSL's (Python,
  /// Ruby, Go) and that of Python's requests.
  package func trustVariables() throws -> [EnvironmentVariable] {
    let roots = Self.systemRootsFile.flatMap(Self.text) ?? ""
    guard let own = Self.text(of: certificateFile) else { return [] }
    try refuseOthers()
    let separator = roots.isEmpty || roots.hasSuffix("\n") ? "" : "\n"
    try Self.write(roots + separator + own, to: bundleFile, mode: 0o644)
    return [
      EnvironmentVariable(name: "NODE_EXTRA_CA_CERTS", value: certificateFile),
      EnvironmentVariable(name: "SSL_CERT_FILE", value: bundleFile),
      EnvironmentVariable(name: "REQUESTS_CA_BUNDLE", value: bundleFile),
    ]
  }

  /// The certificates that this system trusts; nil where it keeps them elsewhere.
  package static var systemRootsFile: String? { systemRoots.first { text(of: $0) != nil } }

  /// Where systems keep the certificates that they trust: Debian and Alpine, Fedora and RHEL, SUSE, macOS.
  private static let systemRoots = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
  ]
}
