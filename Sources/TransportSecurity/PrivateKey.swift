import COpenSSL

/// A private key on the curve P-256. Printing one shows nothing of it.
package final class PrivateKey: CustomStringConvertible {
  let handle: OpaquePointer

  init(owning handle: OpaquePointer) {
    self.handle = handle
  }

  deinit { openssl.EVP_PKEY_free(handle) }

  /// A new random key.
  package static func generate() throws(TLSError) -> PrivateKey {
    let context = try require(openssl.EVP_PKEY_CTX_new_from_name(nil, "EC", nil), "make a key")
    defer { openssl.EVP_PKEY_CTX_free(context) }
    try require(openssl.EVP_PKEY_keygen_init(context), "make a key")
    try require(openssl.EVP_PKEY_CTX_set_group_name(context, "P-256"), "choose the curve P-256")
    var key: OpaquePointer?
    try require(openssl.EVP_PKEY_generate(context, &key), "make a key")
    return PrivateKey(owning: try require(key, "make a key"))
  }

  /// A key from its PEM form without a passphrase.
  /// - Throws: `TLSError.unreadable`.
  package convenience init(pem: String) throws(TLSError) {
    let buffer = try MemoryBuffer(pem)
    // Without a callback the library would ask for a passphrase on the terminal.
    let read = openssl.PEM_read_bio_PrivateKey(buffer.handle, nil, { _, _, _, _ in -1 }, nil)
    guard let read else { throw TLSError(.unreadable, "no private key in PEM form: \(lastReason())") }
    self.init(owning: read)
  }

  /// The key as PKCS #8 in PEM form: a secret.
  package func pem() throws(TLSError) -> String {
    let buffer = try MemoryBuffer()
    try require(
      openssl.PEM_write_bio_PKCS8PrivateKey(buffer.handle, handle, nil, nil, 0, nil, nil), "write a key")
    return buffer.text
  }

  /// Says nothing of the key.
  package var description: String { "PrivateKey" }
}
