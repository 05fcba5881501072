import COpenSSL

/// The client's side of a TLS connection.
package final class TLSClient: TLSSession {
  /// A connection that trusts one authority alone, for one server.
  /// - Parameters:
  ///   - authorityFile: The authority's certificate in PEM form, a path.
  ///   - host: The host name or numeric address for which the server's certificate has to be.
  /// - Throws: `TLSError.unreadable` where the file has no certificate.
  package init(authorityFile: String, host: String) throws(TLSError) {
    let context = try require(openssl.SSL_CTX_new(openssl.TLS_client_method()), "set TLS up")
    // The session has its own hold on it.
    defer { openssl.SSL_CTX_free(context) }
    try require(drydock_ctx_require_tls12(context), "ask for TLS 1.2")
    guard openssl.SSL_CTX_load_verify_file(context, authorityFile) == 1 else {
      throw TLSError(.unreadable, "\(authorityFile) has no certificate in PEM form: \(lastReason())")
    }
    try super.init(of: context)
    openssl.SSL_set_connect_state(session)
    openssl.SSL_set_verify(session, SSL_VERIFY_PEER, nil)
    try expect(host)
  }

  /// A connection to whoever answers: nothing secret may be said over it.
  package static func trustingAnybody() throws(TLSError) -> TLSClient {
    let context = try require(openssl.SSL_CTX_new(openssl.TLS_client_method()), "set TLS up")
    defer { openssl.SSL_CTX_free(context) }
    return try TLSClient(trustingAnybody: context)
  }

  private init(trustingAnybody context: OpaquePointer) throws(TLSError) {
    try super.init(of: context)
    openssl.SSL_set_connect_state(session)
  }

  private func expect(_ host: String) throws(TLSError) {
    let expected = openssl.SSL_get0_param(session)
    guard openssl.X509_VERIFY_PARAM_set1_ip_asc(expected, host) != 1 else { return }
    openssl.ERR_clear_error()
    try require(openssl.SSL_set1_host(session, host), "expect the host \(host)")
    // A server of many hosts chooses its certificate by it.
    try require(drydock_set_server_name(session, host), "name the host \(host)")
  }
}

/// The version of the OpenSSL in use, for instance "3.0.19".
package func opensslVersion() -> String {
  openssl.OpenSSL_version(OPENSSL_VERSION_STRING).map { String(cString: $0) } ?? "unknown"
}
