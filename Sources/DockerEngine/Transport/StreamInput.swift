import NIOCore
import NIOHTTP1
import Synchronization

/// The standard input of a command that runs inside a container.
package struct StreamInput: Sendable {
  /// Writes all of an input; the input ends when it returns.
  package typealias Writer = @Sendable (StreamInput) async throws -> Void

  private let outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
  private let channel: any Channel

  init(_ outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>, _ channel: any Channel) {
    self.outbound = outbound
    self.channel = channel
  }

  /// Writes some bytes, waiting while the command does not read. Once the command has ended, they are
  /// dropped.
  package func write(_ bytes: [UInt8]) async throws {
    do {
      // The engine takes the connection over after its head, so these bytes belong to no HTTP message.
      try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: bytes))))
    } catch  where !Task.isCancelled {
      // The connection's reading side tells whether this is the command's end or a loss.
    }
  }

  /// Sends the rest of a request whose body is made while it is sent. A source that fails breaks the connection; where the
  /// engine takes no more, its answer says why.
  @concurrent
  func send(_ body: EngineRequest.Body, _ mark: HeadMark, _ failure: InputFailure) async {
    guard case .stream(let next) = body else { return }
    do {
      while let bytes = try await next() {
        do {
          try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: bytes))))
          mark.tick()
        } catch { return }
      }
    } catch {
      failure.set(error)
      channel.close(promise: nil)
      return
    }
    try? await outbound.write(.end(nil))
  }

  /// Writes what `writer` has to say and ends the input. A writer that fails breaks the connection, so that
  /// whoever reads from it ends too.
  @concurrent
  func run(_ writer: Writer?, _ failure: InputFailure) async {
    guard let writer else { return }
    do {
      try await writer(self)
      outbound.finish()
    } catch {
      failure.set(error)
      channel.close(promise: nil)
    }
  }
}

/// Why an input could not be written.
final class InputFailure: Sendable {
  private let stored = Mutex<(any Error)?>(nil)

  var error: (any Error)? { stored.withLock { $0 } }

  func set(_ error: any Error) { stored.withLock { $0 = error } }
}
