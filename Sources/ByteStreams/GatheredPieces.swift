/// Gathers small pieces of a stream until they are worth handing on: a redis export writes one for each key, and each that
/// goes to a client waits for its way through the event loop and the system.
package actor GatheredPieces {
  private let write: @Sendable ([UInt8]) async throws -> Void
  private let size: Int
  private var bytes: [UInt8] = []

  /// - Parameters:
  ///   - size: How many bytes are enough to be handed on.
  ///   - write: Gets them, one piece at a time.
  package init(size: Int = 64 << 10, write: @escaping @Sendable ([UInt8]) async throws -> Void) {
    self.size = size
    self.write = write
  }

  /// Takes a piece; waits where enough is gathered, for whoever gets it.
  package func add(_ piece: [UInt8]) async throws {
    bytes += piece
    if bytes.count >= size { try await flush() }
  }

  /// Hands on what is left.
  package func flush() async throws {
    guard !bytes.isEmpty else { return }
    let whole = bytes
    bytes = []
    try await write(whole)
  }
}
