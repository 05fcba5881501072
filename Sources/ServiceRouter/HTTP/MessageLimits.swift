/// How much of a head is taken.
///
/// AWS's balancer takes 64 KiB of a request's head; the others keep what is held for a connection small.
enum MessageLimits {
  /// The longest head, in bytes.
  static let head = 64 * 1024
  /// The most fields in one.
  static let fields = 500
  /// The longest line before a chunk, its extensions included, in bytes.
  static let chunkLine = 1024
  /// The longest trailer section, in bytes.
  static let trailers = 16 * 1024
}
