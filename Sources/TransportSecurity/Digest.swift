import COpenSSL
import Essentials

/// The SHA-256 digest of what is given piece by piece.
package final class Digest {
  private let context = openssl.EVP_MD_CTX_new()

  /// The digest of nothing yet.
  package init() {
    _ = openssl.EVP_DigestInit_ex(context, openssl.EVP_sha256(), nil)
  }

  deinit { openssl.EVP_MD_CTX_free(context) }

  /// Takes the next bytes.
  package func add(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { _ = openssl.EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
  }

  /// Takes a part of a known length, so that no two ways of cutting come to the same.
  package func addPart(_ bytes: [UInt8]) {
    add(Array("\(bytes.count):".utf8))
    add(bytes)
  }

  /// The digest of all that was given, in hexadecimal digits. Nothing is taken after it.
  package func finish() -> String {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    _ = openssl.EVP_DigestFinal_ex(context, &digest, &count)
    return digest.prefix(Int(count)).hexadecimal
  }
}
