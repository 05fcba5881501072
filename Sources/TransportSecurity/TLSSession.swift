import COpenSSL

/// One side of one TLS connection, apart from any socket: it takes the bytes that came and gives the bytes to send, so that
/// whoever owns the socket waits in his own way.
package class TLSSession {
  let session: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer

  /// A session of a context, which it keeps as long as it needs it.
  init(of context: OpaquePointer) throws(TLSError) {
    guard let session = openssl.SSL_new(context), let incoming = openssl.BIO_new(openssl.BIO_s_mem()),
      let outgoing = openssl.BIO_new(openssl.BIO_s_mem())
    else { throw TLSError(.library, "cannot set TLS up: \(lastReason())") }
    (self.session, self.incoming, self.outgoing) = (session, incoming, outgoing)
    openssl.SSL_set_bio(session, incoming, outgoing)
  }

  deinit {
    // Frees both buffers as well.
    openssl.SSL_free(session)
  }

  /// Takes bytes that came from the peer.
  package func receive(_ bytes: [UInt8]) throws(TLSError) {
    guard !bytes.isEmpty else { return }
    try require(openssl.BIO_write(incoming, bytes, Int32(bytes.count)), "take bytes in")
  }

  /// The bytes to send to the peer now, maybe none.
  package func bytesToSend() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: openssl.BIO_ctrl_pending(outgoing))
    guard !bytes.isEmpty else { return [] }
    let count = openssl.BIO_read(outgoing, &bytes, Int32(bytes.count))
    return Array(bytes.prefix(max(0, Int(count))))
  }

  /// Goes on with the handshake; afterwards there may be bytes to send.
  /// - Returns: Whether it is finished; if not, more bytes are needed.
  /// - Throws: `TLSError.untrusted`, `.handshakeFailed`.
  package func handshake() throws(TLSError) -> Bool {
    openssl.ERR_clear_error()
    let result = openssl.SSL_do_handshake(session)
    if result == 1 { return true }
    guard openssl.SSL_get_error(session, result) == SSL_ERROR_WANT_READ else { throw handshakeError() }
    return false
  }

  private func handshakeError() -> TLSError {
    let verdict = openssl.SSL_get_verify_result(session)
    let reason = lastReason()
    guard verdict == Int(X509_V_OK) else {
      return TLSError(
        .untrusted,
        openssl.X509_verify_cert_error_string(verdict).map { String(cString: $0) } ?? "no reason given")
    }
    return TLSError(.handshakeFailed, reason)
  }

  /// Encrypts bytes; they are then to be sent.
  package func encrypt(_ bytes: [UInt8]) throws(TLSError) {
    guard !bytes.isEmpty else { return }
    openssl.ERR_clear_error()
    guard openssl.SSL_write(session, bytes, Int32(bytes.count)) == bytes.count else {
      throw TLSError(.handshakeFailed, "cannot encrypt: \(lastReason())")
    }
  }

  /// Says that nothing more will be sent; what the peer sends still comes. The word is then to be sent.
  package func endSending() {
    openssl.ERR_clear_error()
    _ = openssl.SSL_shutdown(session)
    openssl.ERR_clear_error()
  }

  /// Decrypted bytes; none while a record is incomplete, nil once the peer has ended the connection.
  package func decrypt() throws(TLSError) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16 * 1024)
    openssl.ERR_clear_error()
    let count = openssl.SSL_read(session, &bytes, Int32(bytes.count))
    if count > 0 { return Array(bytes.prefix(Int(count))) }
    switch openssl.SSL_get_error(session, count) {
    case SSL_ERROR_WANT_READ: return []
    case SSL_ERROR_ZERO_RETURN: return nil
    default: throw handshakeError()
    }
  }
}
