package import AppState
import DrydockBase
package import Essentials
package import TransportSecurity

/// The certificates of one instance's servers, kept with its state and reused until they are about to expire.
package struct ServerCertificates: Sendable {
  package let home: StateHome
  /// The instance.
  package let id: String
  /// The clock, for tests.
  package var now: @Sendable () -> Date = { Date() }

  /// Certificates below an instance's folder; none is read or issued before it is asked for.
  package init(home: StateHome, id: String, now: @escaping @Sendable () -> Date = { Date() }) {
    self.home = home
    self.id = id
    self.now = now
  }

  /// How long before its end a certificate is made anew.
  package static let margin = TimeInterval(30 * 86_400)

  private var folder: String { "\(home.instance(id))/tls" }
  private func certificateFile(_ resource: String) -> String { "\(folder)/\(Slug.make(resource)).pem" }
  private func keyFile(_ resource: String) -> String { "\(folder)/\(Slug.make(resource))-key.pem" }

  /// The certificate of a resource's server.
  package func certificate(of resource: String, by authority: CertificateAuthority) throws -> KeyedCertificate
  {
    let hosts = Self.hosts(of: resource)
    if let kept = kept(resource), isUsable(kept, hosts, authority) { return kept }
    let issued = try authority.issue(name: String(resource.prefix(64)), hosts: hosts, now: now())
    try Folder.make(folder, mode: 0o700)
    try LocalAuthority.write(issued.privateKey, to: keyFile(resource), mode: 0o600)
    try LocalAuthority.write(issued.certificate, to: certificateFile(resource), mode: 0o644)
    return issued
  }

  /// Where clients find a server: on this machine, and in the instance's network under its own name.
  package static func hosts(of resource: String) -> [String] {
    let isName = resource.utf8.allSatisfy { byte in
      Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber
        || [UInt8(ascii: "-"), UInt8(ascii: "_")].contains(byte)
    }
    let isUsable = isName && (1...63).contains(resource.utf8.count) && resource != "localhost"
    return ["localhost", "127.0.0.1", "::1"] + (isUsable ? [resource] : [])
  }

  private func kept(_ resource: String) -> KeyedCertificate? {
    guard let certificate = LocalAuthority.text(of: certificateFile(resource)),
      let key = LocalAuthority.text(of: keyFile(resource))
    else { return nil }
    return KeyedCertificate(certificate: certificate, privateKey: key)
  }

  private func isUsable(
    _ kept: KeyedCertificate, _ hosts: [String], _ authority: CertificateAuthority
  ) -> Bool {
    guard let certificate = try? Certificate(pem: kept.certificate),
      let key = try? PrivateKey(pem: kept.privateKey)
    else { return false }
    return certificate.matches(key) && certificate.isSigned(by: authority.certificate)
      && certificate.notBefore <= now() && certificate.notAfter > now() + Self.margin
      && hosts.allSatisfy(certificate.covers)
  }

  /// Forgets a resource's certificate.
  package func remove(_ resource: String) throws {
    try Folder.remove(certificateFile(resource))
    try Folder.remove(keyFile(resource))
  }
}
