import DrydockBase
package import NIOCore

/// How much one client may ask of the server, and how slowly.
package struct Limits: Sendable {
  /// The longest header field, and all of them together, in bytes.
  package var header = 16 * 1024
  /// The most header fields of a request.
  package var headerCount = 100
  /// The longest request target, in bytes.
  package var target = 4096
  /// The longest body of a form, in bytes; uploads of data have no bound, since they are passed on as they come.
  package var form = 4 << 20
  /// How much of a body that nobody wanted is read so that the connection can be kept, in bytes.
  package var drained = 64 * 1024
  /// The longest websocket frame, in bytes. The tool's frames hold 10 KiB at most.
  package var frame = 1 << 20
  /// The most connections at a time of those who know the password; each may take descriptors for a client besides.
  package var connections = max(8, min(512, DescriptorLimit.current / 3))
  /// The most connections at a time of those who have not shown yet that they know it. The oldest goes for a new one.
  package var strangers = max(8, min(64, DescriptorLimit.current / 8))
  /// How long the first request may take from the connection's beginning on.
  package var head = TimeAmount.seconds(5)
  /// How long a client may send nothing in the middle of a body.
  package var body = TimeAmount.seconds(30)
  /// How long a connection may be idle between requests.
  package var idle = TimeAmount.seconds(120)
  /// How long running requests have when the server ends.
  package var shutdown = Duration.seconds(30)
  /// How long a websocket's other side has to answer a close.
  package var close = TimeAmount.seconds(3)

  /// The usual limits.
  package init() {}
}
