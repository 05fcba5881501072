import COpenSSL

/// Bytes in OpenSSL's own form, for its functions that read and write PEM.
final class MemoryBuffer {
  let handle: OpaquePointer

  init() throws(TLSError) {
    handle = try require(openssl.BIO_new(openssl.BIO_s_mem()), "make a buffer")
  }

  convenience init(_ text: String) throws(TLSError) {
    try self.init()
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty else { return }
    try require(openssl.BIO_write(handle, bytes, Int32(bytes.count)), "fill a buffer")
  }

  deinit { _ = openssl.BIO_free(handle) }

  /// Everything in it, taken out.
  func drain() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: openssl.BIO_ctrl_pending(handle))
    guard !bytes.isEmpty else { return [] }
    let count = openssl.BIO_read(handle, &bytes, Int32(bytes.count))
    return Array(bytes.prefix(max(0, Int(count))))
  }

  var text: String { String(decoding: drain(), as: UTF8.self) }
}
