import DrydockBase
import MonotonicTime
package import NativeProcess

/// Sends what an app's services write to one drain, for as long as it is linked.
package actor LogDrain {
  private let app: String
  private let address: DrainAddress
  private let service: @Sendable (String) -> String
  private let trust: @Sendable () throws -> String
  private let tell: @Sendable (String) -> Void
  private var buffer: DrainBuffer
  private var connection: DrainConnection?
  private let signals: AsyncStream<Void>
  private let signal: AsyncStream<Void>.Continuation

  /// How often is looked after the connection while nothing is to be sent.
  private static let pause = Duration.milliseconds(500)

  /// A drain that gets nothing yet.
  /// - Parameters:
  ///   - app: Whose lines they are.
  ///   - service: The service to which a source's lines belong, by the source's name.
  ///   - trust: The file with the certificates of those who may vouch for a drain.
  ///   - tell: Told of drops, and of a drain that is gone or back.
  package init(
    app: String, address: DrainAddress, service: @escaping @Sendable (String) -> String,
    trust: @escaping @Sendable () throws -> String, tell: @escaping @Sendable (String) -> Void
  ) {
    self.app = app
    self.address = address
    self.service = service
    self.trust = trust
    self.tell = tell
    buffer = DrainBuffer(app: app)
    (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// How long what is left may take once all is over.
  private static let farewell = Duration.seconds(2)

  /// Works until it is cancelled; what was written by then is still sent, where the drain takes it.
  /// - Parameter follow: Gives the lines as they are written, until it is cancelled.
  package func run(
    _ follow: @escaping @Sendable (_ take: @escaping @Sendable ([NamedLine]) async -> Void) async -> Void
  ) async {
    await withDiscardingTaskGroup { group in
      group.addTask { await follow { await self.take($0) } }
      group.addTask { await self.keepSending() }
      group.addTask { [signal] in
        while (try? await Task.sleep(for: Self.pause, clock: SuspendingClock())) != nil { signal.yield() }
      }
    }
    await shieldedFromCancellation { await self.finish() }
  }

  private func finish() async {
    guard let connection else { return }
    // Nobody is left to be told where it cannot be.
    try? await withDeadline(.after(Self.farewell), address.text) { try await self.sendAll(by: connection) }
    await connection.end()
  }

  private func sendAll(by connection: DrainConnection) async throws {
    while let entry = buffer.send() {
      try await connection.send(entry)
      if let number = await connection.settled() { buffer.settle(upTo: number) }
    }
  }

  private func take(_ lines: [NamedLine]) {
    for line in lines {
      let told = buffer.add(SyslogMessage(line, app: app, service: service(line.name)), at: .now)
      if told > 0 {
        tell("\(address.text) did not get \(told) lines: it took them too slowly, or was not there")
      }
    }
    signal.yield()
  }

  private func keepSending() async {
    var pause = Backoff(first: .milliseconds(250), limit: .seconds(30))
    var isGone = false
    while !Task.isCancelled {
      do {
        let connection = try await DrainConnection(to: address, trust: try trust())
        self.connection = connection
        if isGone { tell("\(address.text) is back") }
        (isGone, pause) = (false, Backoff(first: .milliseconds(250), limit: .seconds(30)))
        try await drain(into: connection)
      } catch  where !Task.isCancelled {
        if !isGone {
          tell("\(DrydockError(error).message); lines are kept meanwhile, and sent once it is back")
        }
        isGone = true
        self.connection = nil
        buffer.rewind()
        try? await pause.sleep(until: .never, address.text)
      } catch { return }
    }
  }

  /// Sends what there is, and what comes, until the drain is gone.
  private func drain(into connection: DrainConnection) async throws {
    var signals = signals.makeAsyncIterator()
    repeat {
      try await sendAll(by: connection)
      try await connection.look()
      if let number = await connection.settled() { buffer.settle(upTo: number) }
    } while await signals.next(isolation: #isolation) != nil
    throw CancellationError()
  }
}
