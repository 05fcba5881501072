import DrydockBase
import Essentials
package import MonotonicTime

/// The other commands' side of a supervisor's socket.
package struct ControlClient: Sendable {
  private let path: String

  /// A client of the supervisor whose folder this is.
  package init(_ folder: ServiceFolder) { path = folder.socket }

  /// Asks for something, and waits until it is done.
  /// - Returns: What runs then; nil where no supervisor listens.
  /// - Throws: The supervisor's `DrydockError`, `TimeoutError`, `CancellationError`.
  package func ask(_ request: ControlRequest, until deadline: Deadline) async throws -> [ServiceStatus]? {
    try await answer(to: request, until: deadline).map { $0.status ?? [] }
  }

  /// The same, with what else the supervisor says.
  package func answer(to request: ControlRequest, until deadline: Deadline) async throws -> ControlReply? {
    guard let connection = try await open(request, until: deadline) else { return nil }
    // A supervisor that ends by what it was asked for may not come to say so.
    guard let line = try await connection.line(until: deadline) else { return ControlReply() }
    return try reply(line)
  }

  /// Where a command goes that is to run beside a replica.
  /// - Parameter name: A service's name, or a replica's.
  /// - Returns: Nil where no supervisor listens.
  /// - Throws: The supervisor's `DrydockError`, `TimeoutError`, `CancellationError`.
  package func access(_ name: String, until deadline: Deadline) async throws -> ReplicaAccess? {
    guard let connection = try await open(ControlRequest(.access, services: [name]), until: deadline),
      let line = try await connection.line(until: deadline)
    else { return nil }
    return try reply(line).access
  }

  /// What runs now, and then what happens, told until the supervisor ends or the task is cancelled.
  /// - Returns: Whether a supervisor listens.
  package func watch(
    status: @Sendable ([ServiceStatus]) async -> Void, event: @Sendable (SupervisorEvent) async -> Void
  ) async throws -> Bool {
    guard let connection = try await open(ControlRequest(.watch), until: .after(.seconds(10))) else {
      return false
    }
    while let line = try await connection.line(until: .never) {
      let reply = try reply(line)
      if let now = reply.status { await status(now) }
      if let happened = reply.event { await event(happened) }
    }
    return true
  }

  /// Has the supervisor end a command where this process ends before `body` has. Where no supervisor listens, or it is one of
  /// another drydock, nobody does.
  func guarding<Value: Sendable>(
    _ command: MarkedCommand, _ body: @Sendable () async throws -> Value
  ) async throws -> Value {
    var request = ControlRequest(.hold)
    request.command = command
    let deadline = Deadline.after(.seconds(10))
    let connection = try await open(request, until: deadline)
    let isHeld = try await connection?.line(until: deadline) != nil
    do {
      let value = try await body()
      if isHeld { await release(connection) }
      return value
    } catch {
      if isHeld { await release(connection) }
      throw error
    }
  }

  private func release(_ connection: LineConnection?) async {
    // The supervisor may be gone, and then there is nothing to be said.
    _ = await shieldedFromCancellation { try? await connection?.write([], until: .after(.seconds(10))) }
  }

  private func open(_ request: ControlRequest, until deadline: Deadline) async throws -> LineConnection? {
    guard let connection = try LocalSocket.connect(to: path) else { return nil }
    guard try await connection.write(Array(try JSONEncoder().encode(request)), until: deadline) else {
      return nil
    }
    return connection
  }

  private func reply(_ line: [UInt8]) throws -> ControlReply {
    guard let reply = try? JSONDecoder().decode(ControlReply.self, from: Data(line)) else {
      throw DrydockError(
        .failed, "the supervisor speaks another language than this drydock",
        suggestion: "stop the services and start them again: drydock stop; drydock start")
    }
    if let failure = reply.failure { throw failure.error }
    return reply
  }
}
