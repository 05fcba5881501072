import COpenSSL
package import Essentials

/// An X.509 certificate.
package final class Certificate {
  let handle: OpaquePointer

  init(owning handle: OpaquePointer) {
    self.handle = handle
  }

  deinit { openssl.X509_free(handle) }

  /// The first certificate of a text in PEM form.
  /// - Throws: `TLSError.unreadable`.
  package convenience init(pem: String) throws(TLSError) {
    let buffer = try MemoryBuffer(pem)
    guard let read = openssl.PEM_read_bio_X509(buffer.handle, nil, nil, nil) else {
      throw TLSError(.unreadable, "no certificate in PEM form: \(lastReason())")
    }
    self.init(owning: read)
  }

  /// The certificate in PEM form.
  package func pem() throws(TLSError) -> String {
    let buffer = try MemoryBuffer()
    try require(openssl.PEM_write_bio_X509(buffer.handle, handle), "write a certificate")
    return buffer.text
  }

  /// When it begins to hold.
  package var notBefore: Date { Self.date(openssl.X509_get0_notBefore(handle)) }
  /// When it ends to hold.
  package var notAfter: Date { Self.date(openssl.X509_get0_notAfter(handle)) }

  private static func date(_ time: UnsafePointer<ASN1_TIME>?) -> Date {
    var parts = tm()
    guard let time, openssl.ASN1_TIME_to_tm(time, &parts) == 1 else { return .distantPast }
    return Date(timeIntervalSince1970: Double(timegm(&parts)))
  }

  /// The SHA-256 fingerprint, in hexadecimal digits.
  package var fingerprint: String {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    guard openssl.X509_digest(handle, openssl.EVP_sha256(), &digest, &count) == 1 else { return "" }
    return digest.prefix(Int(count)).hexadecimal
  }

  /// Whether it may sign others.
  package var isAuthority: Bool { openssl.X509_check_ca(handle) == 1 }

  /// Whether it is for that host name, or for that numeric address.
  package func covers(_ host: String) -> Bool {
    openssl.X509_check_host(handle, host, 0, 0, nil) == 1 || openssl.X509_check_ip_asc(handle, host, 0) == 1
  }

  /// Whether that key is the certificate's.
  package func matches(_ key: PrivateKey) -> Bool {
    defer { openssl.ERR_clear_error() }
    return openssl.X509_check_private_key(handle, key.handle) == 1
  }

  /// Whether that authority's key signed it.
  package func isSigned(by authority: Certificate) -> Bool {
    defer { openssl.ERR_clear_error() }
    guard openssl.X509_check_issued(authority.handle, handle) == X509_V_OK,
      let key = openssl.X509_get0_pubkey(authority.handle)
    else { return false }
    return openssl.X509_verify(handle, key) == 1
  }
}
