/// Takes a server's data out and puts it in by a conversation with the server.
package protocol ServerTransfer: Sendable {
  /// Hands the data to `sink`, piece by piece, as fast as it is taken.
  /// - Throws: `ProbeFailure`, `CancellationError`, and what `sink` throws.
  func export(to sink: @Sendable ([UInt8]) async throws -> Void) async throws

  /// Puts in the data that `source` gives piece by piece, nil at its end. What it throws before its end leaves the
  /// server's data as it was.
  /// - Parameter replacing: Whether what the data does not name goes.
  /// - Throws: `TransferFormatError`, `ProbeFailure`, `CancellationError`, and what `source` throws.
  func load(from source: @Sendable () async throws -> [UInt8]?, replacing: Bool) async throws
}

/// Data that is not what it should be.
package struct TransferFormatError: Error, Sendable, Hashable {
  /// What is wrong with it, and where.
  package var message: String
  /// What to do about it.
  package var suggestion: String?

  /// An error about data.
  package init(_ message: String, suggestion: String? = nil) {
    self.message = message
    self.suggestion = suggestion
  }
}
