import Foundation
import Testing
import TransportSecurity

@Suite("Certificates")
struct CertificateTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func authority(now: Date? = nil) throws -> CertificateAuthority {
    try CertificateAuthority(CertificateAuthority.make(name: "test authority", now: now ?? self.now))
  }

  @Test("An authority may sign, holds ten years and begins a day early")
  func authorityCertificate() throws {
    let certificate = try authority().certificate
    #expect(certificate.isAuthority)
    #expect(certificate.notBefore == now - 86_400)
    #expect(certificate.notAfter == now + CertificateAuthority.lifetime)
    #expect(certificate.isSigned(by: certificate))
    #expect(certificate.fingerprint.count == 64)
  }

  @Test("A server's certificate is for its hosts alone and is signed by the authority")
  func serverCertificate() throws {
    let authority = try authority()
    let issued = try authority.issue(name: "cache", hosts: ["localhost", "127.0.0.1", "cache"], now: now)
    let certificate = try Certificate(pem: issued.certificate)
    #expect(!certificate.isAuthority)
    #expect(certificate.isSigned(by: authority.certificate))
    #expect(certificate.notAfter == now + CertificateAuthority.serverLifetime)
    #expect(certificate.matches(try PrivateKey(pem: issued.privateKey)))
    for host in ["localhost", "127.0.0.1", "cache"] { #expect(certificate.covers(host), "\(host)") }
    for host in ["127.0.0.2", "other", "example.com", "cache.local"] {
      #expect(!certificate.covers(host), "\(host)")
    }
  }

  @Test(
    "A host is one name, whatever characters it has",
    arguments: ["a,DNS:example.com", "hasura_graphql_database", "x\nDNS:example.com"])
  func oddHosts(host: String) throws {
    let issued = try authority().issue(name: host, hosts: [host], now: now)
    let certificate = try Certificate(pem: issued.certificate)
    #expect(!certificate.covers("example.com"))
  }

  @Test("Another authority of the same name did not sign it")
  func otherAuthority() throws {
    let issued = try authority().issue(name: "cache", hosts: ["localhost"], now: now)
    let certificate = try Certificate(pem: issued.certificate)
    #expect(!certificate.isSigned(by: try authority().certificate))
  }

  @Test("No two certificates share a key")
  func freshKeys() throws {
    let authority = try authority()
    let first = try authority.issue(name: "a", hosts: ["a"], now: now)
    let second = try authority.issue(name: "a", hosts: ["a"], now: now)
    #expect(first.privateKey != second.privateKey)
    #expect(!(try Certificate(pem: first.certificate).matches(PrivateKey(pem: second.privateKey))))
  }

  @Test("A key that belongs to another certificate makes no authority")
  func mismatchedKey() throws {
    let one = try CertificateAuthority.make(name: "one", now: now)
    let two = try CertificateAuthority.make(name: "two", now: now)
    let mixed = KeyedCertificate(certificate: one.certificate, privateKey: two.privateKey)
    #expect {
      _ = try CertificateAuthority(mixed)
    } throws: {
      ($0 as? TLSError)?.code == .unreadable
    }
  }

  @Test("A server's certificate makes no authority")
  func serverIsNoAuthority() throws {
    let issued = try authority().issue(name: "cache", hosts: ["localhost"], now: now)
    #expect(throws: TLSError.self) { _ = try CertificateAuthority(issued) }
  }

  @Test(
    "What is no PEM is told from what is",
    arguments: ["", "rubbish", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
  func unreadable(text: String) {
    #expect {
      _ = try Certificate(pem: text)
    } throws: {
      ($0 as? TLSError)?.code == .unreadable
    }
    #expect(throws: TLSError.self) { _ = try PrivateKey(pem: text) }
  }

  @Test("Neither key nor pair shows the secret when printed")
  func masking() throws {
    let made = try CertificateAuthority.make(name: "one", now: now)
    var dumped = ""
    dump(made, to: &dumped)
    for text in ["\(made)", String(reflecting: made), dumped] { #expect(!text.contains("PRIVATE KEY")) }
    #expect("\(try PrivateKey(pem: made.privateKey))" == "PrivateKey")
  }

  @Test("OpenSSL's own program finds the chain good")
  func opensslAgrees() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "drydock-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let kept = try CertificateAuthority.make(name: "one", now: Date())
    let issued = try CertificateAuthority(kept).issue(name: "a", hosts: ["localhost"], now: Date())
    try kept.certificate.write(to: folder.appending(path: "ca"), atomically: true, encoding: .utf8)
    try issued.certificate.write(to: folder.appending(path: "server"), atomically: true, encoding: .utf8)
    let verify = Process()
    verify.executableURL = URL(filePath: "/usr/bin/env")
    verify.arguments = [
      "openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost",
      "-CAfile", folder.appending(path: "ca").path, folder.appending(path: "server").path,
    ]
    verify.standardOutput = FileHandle.nullDevice
    try verify.run()
    verify.waitUntilExit()
    #expect(verify.terminationStatus == 0)
  }
}
