import COpenSSL

/// One side of one TLS connection, apart from any socket: it takes the bytes that came and gives the bytes to send, so that
/// whoever owns the socket waits in his own way.
package class TLSSession {
  let session: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer

  /// A session of a context, which it keeps as long as it needs it.
  init(of context: OpaquePointer) throws(TLSError) {
    guard let session = SSL_new(context), let incoming = BIO_new(BIO_s_mem()),
      let outgoing = BIO_new(BIO_s_mem())
    else { throw TLSError(.library, "cannot set TLS up: \(lastReason())") }
    (self.session, self.incoming, self.outgoing) = (session, incoming, outgoing)
    SSL_set_bio(session, incoming, outgoing)
  }

  deinit {
    // Frees both buffers as well.
    SSL_free(session)
  }

  /// Takes bytes that came from the peer.
  package func receive(_ bytes: [UInt8]) throws(TLSError) {
    guard !bytes.isEmpty else { return }
    try require(BIO_write(incoming, bytes, Int32(bytes.count)), "take bytes in")
  }

  /// The bytes to send to the peer now, maybe none.
  package func bytesToSend() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: drydock_bio_pending(outgoing))
    guard !bytes.isEmpty else { return [] }
    let count = BIO_read(outgoing, &bytes, Int32(bytes.count))
    return Array(bytes.prefix(max(0, Int(count))))
  }

  /// Goes on with the handshake; afterwards there may be bytes to send.
  /// - Returns: Whether it is finished; if not, more bytes are needed.
  /// - Throws: `TLSError.untrusted`, `.handshakeFailed`.
  package func handshake() throws(TLSError) -> Bool {
    ERR_clear_error()
    let result = SSL_do_handshake(session)
    if result == 1 { return true }
    guard SSL_get_error(session, result) == SSL_ERROR_WANT_READ else { throw handshakeError() }
    return false
  }

  private func handshakeError() -> TLSError {
    let verdict = SSL_get_verify_result(session)
    let reason = lastReason()
    guard verdict == Int(X509_V_OK) else {
      return TLSError(.untrusted, String(cString: X509_verify_cert_error_string(verdict)))
    }
    return TLSError(.handshakeFailed, reason)
  }

  /// Encrypts bytes; they are then to be sent.
  package func encrypt(_ bytes: [UInt8]) throws(TLSError) {
    guard !bytes.isEmpty else { return }
    ERR_clear_error()
    guard SSL_write(session, bytes, Int32(bytes.count)) == bytes.count else {
      throw TLSError(.handshakeFailed, "cannot encrypt: \(lastReason())")
    }
  }

  /// Says that nothing more will be sent; what the peer sends still comes. The word is then to be sent.
  package func endSending() {
    ERR_clear_error()
    _ = SSL_shutdown(session)
    ERR_clear_error()
  }

  /// Decrypted bytes; none while a record is incomplete, nil once the peer has ended the connection.
  package func decrypt() throws(TLSError) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16 * 1024)
    ERR_clear_error()
    let count = SSL_read(session, &bytes, Int32(bytes.count))
    if count > 0 { return Array(bytes.prefix(Int(count))) }
    switch SSL_get_error(session, count) {
    case SSL_ERROR_WANT_READ: return []
    case SSL_ERROR_ZERO_RETURN: return nil
    default: throw handshakeError()
    }
  }
}
