import COpenSSL

/// Speaks TLS as a server, with one certificate for all of its connections.
package final class TLSServer {
  private let context: OpaquePointer

  /// A server with that certificate and its key.
  /// - Throws: `TLSError.unreadable` for what is neither, or does not belong together.
  package init(_ identity: KeyedCertificate) throws(TLSError) {
    let certificate = try Certificate(pem: identity.certificate)
    let key = try PrivateKey(pem: identity.privateKey)
    let context = try require(openssl.SSL_CTX_new(openssl.TLS_server_method()), "set TLS up")
    self.context = context
    try require(drydock_ctx_require_tls12(context), "ask for TLS 1.2")
    guard openssl.SSL_CTX_use_certificate(context, certificate.handle) == 1,
      openssl.SSL_CTX_use_PrivateKey(context, key.handle) == 1,
      openssl.SSL_CTX_check_private_key(context) == 1
    else {
      throw TLSError(.unreadable, "the certificate and the key do not belong together: \(lastReason())")
    }
  }

  deinit { openssl.SSL_CTX_free(context) }

  /// A new connection's session.
  package func accept() throws(TLSError) -> TLSSession {
    let session = try TLSSession(of: context)
    openssl.SSL_set_accept_state(session.session)
    return session
  }
}
