import COpenSSL

/// A certificate, a key or a TLS connection is not usable.
package struct TLSError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong.
  package enum Code: Sendable, Hashable {
    /// The text is no certificate or key in PEM form.
    case unreadable
    /// The peer's certificate is not one that our authority signed for this host, or has expired.
    case untrusted
    /// The peer does not speak TLS, or broke the connection off.
    case handshakeFailed
    /// The library refused an operation that always works.
    case library
  }

  /// What is wrong.
  package var code: Code
  /// The same in words, naming the thing.
  package var message: String

  /// An error with its words.
  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The message.
  package var description: String { message }
}

/// What OpenSSL noted last in this thread, and a clean slate for the next call.
func lastReason() -> String {
  let code = openssl.ERR_peek_error()
  openssl.ERR_clear_error()
  guard code != 0, let reason = openssl.ERR_reason_error_string(code) else { return "no reason given" }
  return String(cString: reason)
}

/// Turns OpenSSL's 1 for success into an error.
func require(_ result: Int32, _ action: String) throws(TLSError) {
  guard result > 0 else { throw TLSError(.library, "cannot \(action): \(lastReason())") }
}

/// Turns OpenSSL's null for failure into an error.
func require<Value>(_ value: Value?, _ action: String) throws(TLSError) -> Value {
  guard let value else { throw TLSError(.library, "cannot \(action): \(lastReason())") }
  return value
}
