import ConvoxEnvironment
import Foundation
import MonotonicTime
import Testing
import TransportSecurity

@testable import AppState
@testable import Servers

@Suite("The local certificate authority")
struct LocalAuthorityTests {
  private static let start = Date(timeIntervalSince1970: 1_800_000_000)

  private func withHome<Value>(_ body: (StateHome) async throws -> Value) async throws -> Value {
    let root = FileManager.default.temporaryDirectory.appending(path: "drydock-ca-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    return try await body(StateHome(root: root, engines: "\(root)/engines", sockets: "\(root)/sockets"))
  }

  private func open(_ home: StateHome, at now: Date = start) async throws -> CertificateAuthority {
    try await LocalAuthority(home: home, now: { now }).open(until: .after(.seconds(60)))
  }

  private func mode(_ path: String) -> mode_t {
    var info = stat()
    return stat(path, &info) == 0 ? info.st_mode & 0o777 : 0
  }

  @Test("It is made once, its key for its owner alone")
  func madeOnce() async throws {
    try await withHome { home in
      let authority = LocalAuthority(home: home, now: { Self.start })
      #expect(authority.certificate == nil)
      let first = try await open(home).certificate.fingerprint
      #expect(try await open(home).certificate.fingerprint == first)
      #expect(authority.certificate?.fingerprint == first)
      #expect(mode(authority.keyFile) == 0o600)
      #expect(mode(authority.certificateFile) == 0o644)
      #expect(mode("\(home.root)/ca") == 0o700)
    }
  }

  @Test("A key that others could read is closed again")
  func closesKey() async throws {
    try await withHome { home in
      _ = try await open(home)
      let key = LocalAuthority(home: home).keyFile
      chmod(key, 0o644)
      _ = try await open(home)
      #expect(mode(key) == 0o600)
    }
  }

  @Test("Many at once make one")
  func madeOnceTogether() async throws {
    try await withHome { home in
      let fingerprints = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<16 { group.addTask { try await open(home).certificate.fingerprint } }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(fingerprints.count == 1)
    }
  }

  @Test(
    "It is made anew when a server's certificate would outlive it, not before",
    arguments: [(0, true), (365 * 8, true), (365 * 9 - 33, true), (365 * 9, false), (365 * 11, false)])
  func renewal(days: Int, isKept: Bool) async throws {
    try await withHome { home in
      let first = try await open(home).certificate.fingerprint
      let later = try await open(home, at: Self.start + Double(days) * 86_400).certificate
      #expect((later.fingerprint == first) == isKept)
    }
  }

  @Test("What is damaged is made anew", arguments: ["ca.pem", "ca-key.pem"], ["", "rubbish"])
  func damaged(file: String, content: String) async throws {
    try await withHome { home in
      let first = try await open(home).certificate.fingerprint
      try content.write(toFile: "\(home.root)/ca/\(file)", atomically: false, encoding: .utf8)
      let second = try await open(home).certificate.fingerprint
      #expect(second != first)
      #expect(try await open(home).certificate.fingerprint == second)
    }
  }

  @Test("Programs trust the system's roots and the authority")
  func bundle() async throws {
    try await withHome { home in
      _ = try await open(home)
      let authority = LocalAuthority(home: home, now: { Self.start })
      let values = Dictionary(
        uniqueKeysWithValues: try authority.trustVariables().map { ($0.name, $0.value) })
      #expect(values["NODE_EXTRA_CA_CERTS"] == authority.certificateFile)
      #expect(values["SSL_CERT_FILE"] == values["REQUESTS_CA_BUNDLE"])
      let bundle = try String(contentsOfFile: #require(values["SSL_CERT_FILE"]), encoding: .utf8)
      let own = try String(contentsOfFile: authority.certificateFile, encoding: .utf8)
      #expect(bundle.hasSuffix(own))
      let system = "/etc/ssl/certs/ca-certificates.crt"
      if let roots = try? String(contentsOfFile: system, encoding: .utf8) { #expect(bundle.hasPrefix(roots)) }
    }
  }

  @Test("A server's certificate is reused until a month before its end")
  func serverCertificates() async throws {
    try await withHome { home in
      let authority = try await open(home)
      func issued(_ days: Double, by authority: CertificateAuthority) throws -> KeyedCertificate {
        let now = Self.start + days * 86_400
        return try ServerCertificates(home: home, id: "abc", now: { now }).certificate(
          of: "cache", by: authority)
      }
      let first = try issued(0, by: authority)
      #expect(mode("\(home.instance("abc"))/tls/cache-key.pem") == 0o600)
      #expect(try issued(366, by: authority) == first)
      let renewed = try issued(368, by: authority)
      #expect(renewed != first)
      #expect(try Certificate(pem: renewed.certificate).notAfter > Self.start + 700 * 86_400)
      let other = try CertificateAuthority(CertificateAuthority.make(name: "other", now: Self.start))
      #expect(try issued(368, by: other) != renewed)
      let certificates = ServerCertificates(home: home, id: "abc", now: { Self.start })
      try certificates.remove("cache")
      #expect(!FileManager.default.fileExists(atPath: "\(home.instance("abc"))/tls/cache-key.pem"))
    }
  }

  @Test(
    "A resource's certificate is for this machine and for its name, where that is one",
    arguments: [
      ("cache", true), ("hasura_graphql_database", true), ("my,DNS:evil", false), ("naïve", false),
      (String(repeating: "a", count: 64), false),
    ])
  func hosts(resource: String, hasName: Bool) {
    let hosts = ServerCertificates.hosts(of: resource)
    #expect(hosts.starts(with: ["localhost", "127.0.0.1", "::1"]))
    #expect(hosts.contains(resource) == hasName)
  }
}
