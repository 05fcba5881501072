package import AppState
import ConvoxEnvironment
import DrydockBase
package import Essentials
import LocalFiles
package import MonotonicTime
package import TransportSecurity

/// This user's own certificate authority: made once, and trusted by those alone who are told to.
package struct LocalAuthority: Sendable {
  private let home: StateHome
  private let now: @Sendable () -> Date

  /// The authority in a home.
  /// - Parameter now: The clock, for tests.
  package init(home: StateHome, now: @escaping @Sendable () -> Date = { Date() }) {
    self.home = home
    self.now = now
  }

  private var folder: String { home.authority }

  /// The certificate's path: what clients are told to trust.
  package var certificateFile: String { "\(folder)/ca.pem" }
  /// The key's path.
  package var keyFile: String { "\(folder)/ca-key.pem" }
  /// The path of the system's roots joined with the certificate.
  package var bundleFile: String { "\(folder)/bundle.pem" }

  /// The certificate as it lies there; nil when there is none that could sign. Changes nothing.
  package var certificate: Certificate? { authority()?.certificate }

  /// The authority; made if there is none, and made anew once a server's certificate would outlive it.
  /// - Throws: `DrydockError.cannotWrite`, `.notReady` when another command holds it past the deadline.
  package func open(until deadline: Deadline) async throws -> CertificateAuthority {
    if let authority = authority() { return authority }
    try refuseOthers()
    let lock = try await InstanceLock.acquire(folder, until: deadline)
    defer { _ = lock }
    // Another command may have made it meanwhile.
    if let authority = authority() { return authority }
    return try make()
  }

  private func authority() -> CertificateAuthority? {
    guard let certificate = Self.text(of: certificateFile), let key = Self.text(of: keyFile),
      let authority = try? CertificateAuthority(KeyedCertificate(certificate: certificate, privateKey: key)),
      authority.certificate.notAfter > now() + CertificateAuthority.serverLifetime
    else { return nil }
    // What somebody's copying made readable for others is closed again.
    if home.owner == nil { chmod(keyFile, 0o600) }
    return authority
  }

  private func make() throws -> CertificateAuthority {
    let made = try CertificateAuthority.make(name: "drydock local authority on \(Self.hostName)", now: now())
    try Self.write(made.privateKey, to: keyFile, mode: 0o600)
    try Self.write(made.certificate, to: certificateFile, mode: 0o644)
    return try CertificateAuthority(made)
  }

  /// Refuses to write in a home that is another user's.
  package func refuseOthers() throws { try home.refuseOthers() }

  private static var hostName: String {
    let name = ProcessInfo.processInfo.hostName
    // RFC 5280 gives a common name 64 characters.
    return String((name.split(separator: ".").first ?? "this machine").prefix(30))
  }

  package static func text(of path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  package static func write(_ text: String, to path: String, mode: mode_t) throws {
    do {
      try AtomicFile.write(Array(text.utf8), to: path, mode: mode, onlyIfChanged: true)
    } catch {
      throw DrydockError(.cannotWrite, error.message, suggestion: error.suggestion)
    }
  }
}
