import COpenSSL

/// The client's side of a TLS connection.
package final class TLSClient: TLSSession {
  /// A connection that trusts one authority alone, for one server.
  /// - Parameters:
  ///   - authorityFile: The authority's certificate in PEM form, a path.
  ///   - host: The host name or numeric address for which the server's certificate has to be.
  /// - Throws: `TLSError.unreadable` where the file has no certificate.
  package init(authorityFile: String, host: String) throws(TLSError) {
    let context = try require(SSL_CTX_new(TLS_client_method()), "set TLS up")
    // The session has its own hold on it.
    defer { SSL_CTX_free(context) }
    try require(drydock_ctx_require_tls12(context), "ask for TLS 1.2")
    guard SSL_CTX_load_verify_file(context, authorityFile) == 1 else {
      throw TLSError(.unreadable, "\(authorityFile) has no certificate in PEM form: \(lastReason())")
    }
    try super.init(of: context)
    SSL_set_connect_state(session)
    SSL_set_verify(session, SSL_VERIFY_PEER, nil)
    try expect(host)
  }

  /// A connection to whoever answers: nothing secret may be said over it.
  package static func trustingAnybody() throws(TLSError) -> TLSClient {
    let context = try require(SSL_CTX_new(TLS_client_method()), "set TLS up")
    defer { SSL_CTX_free(context) }
    return try TLSClient(trustingAnybody: context)
  }

  private init(trustingAnybody context: OpaquePointer) throws(TLSError) {
    try super.init(of: context)
    SSL_set_connect_state(session)
  }

  private func expect(_ host: String) throws(TLSError) {
    let expected = SSL_get0_param(session)
    guard X509_VERIFY_PARAM_set1_ip_asc(expected, host) != 1 else { return }
    ERR_clear_error()
    try require(SSL_set1_host(session, host), "expect the host \(host)")
    // A server of many hosts chooses its certificate by it.
    try require(drydock_set_server_name(session, host), "name the host \(host)")
  }
}

/// The version of the OpenSSL in use, for instance "3.0.19".
package func opensslVersion() -> String {
  String(cString: OpenSSL_version(OPENSSL_VERSION_STRING))
}
