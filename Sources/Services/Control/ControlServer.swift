import ConvoxManifest
import DrydockBase
import Essentials
import MonotonicTime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The supervisor's side of its socket.
struct ControlServer: Sendable {
  let path: String
  let supervisor: Supervisor
  /// Prepares services anew from what the manifest and the app env say now; all of them where none is named.
  let prepare: @Sendable ([String]) async throws -> [PreparedService]
  /// Whether the manifest has a service of that name now.
  let isNamed: @Sendable (String) throws -> Bool
  /// Notes numbers of replicas, so that they outlive the supervisor.
  let remember: @Sendable ([String: Int]) async throws -> Void
  /// Ends a command in a container.
  let end: @Sendable (MarkedCommand) async -> Void
  /// Told which services are about to come into the supervisor's care.
  let willAdd: @Sendable (Set<String>) async throws -> Void
  /// Told which services are in the supervisor's care once that has changed.
  let changed: @Sendable ([String]) -> Void
  /// Why the supervisor's own record cannot be written; nil where it can.
  let recordFailure: @Sendable () -> DrydockError?

  /// Serves until the task is cancelled.
  /// - Parameter ready: Called once others can connect.
  func run(ready: @Sendable () -> Void) async throws {
    let listener = try LocalSocket.listen(at: path)
    defer {
      close(listener)
      unlink(path)
    }
    ready()
    await withDiscardingTaskGroup { group in
      // Until it is cancelled: nothing else ends this wait.
      while (try? await waitUntilReady(listener, for: .read, until: .never, "a request")) != nil {
        guard let connection = LocalSocket.accept(listener) else { continue }
        // The folder keeps others out; root may come from anywhere.
        guard let peer = connection.peer, peer == geteuid() || peer == 0 else { continue }
        group.addTask { await serve(connection) }
      }
      group.cancelAll()
    }
  }

  private func serve(_ connection: LineConnection) async {
    do {
      guard let line = try await connection.line(until: .after(.seconds(10))) else { return }
      guard let request = try? JSONDecoder().decode(ControlRequest.self, from: Data(line)) else {
        throw DrydockError(
          .failed, "the supervisor does not understand this drydock",
          suggestion: "stop the services and start them again: drydock stop; drydock start")
      }
      if request.wish == .watch { return try await watch(connection) }
      if request.wish == .access {
        let access = try await supervisor.access(request.services.first ?? "")
        return _ = try await send(ControlReply(access: access), to: connection)
      }
      if request.wish == .hold { return try await hold(request.command, for: connection) }
      try await carryOut(request)
      let (status, unwritten) = await (supervisor.status, supervisor.unwritten)
      try await send(
        ControlReply(status: status, unwritten: (recordFailure() ?? unwritten).map { .init($0) }),
        to: connection)
    } catch is CancellationError {
      return
    } catch {
      // The other side may be gone, and then nobody is to be told.
      _ = try? await send(ControlReply(failure: .init(DrydockError(error))), to: connection)
    }
  }

  private func carryOut(_ request: ControlRequest) async throws {
    switch request.wish {
    case .status, .watch, .access, .hold: return
    case .add:
      let services = try await prepare(request.services)
      let known = await supervisor.status.map(\.service)
      try await willAdd(Set(services.map(\.spec.name)).subtracting(known))
      await supervisor.add(services)
      await changed(supervisor.status.map(\.service))
    case .restart:
      try await restart(request.services)
    case .end:
      for name in request.services { try await supervisor.end(name) }
    case .scale:
      let counts = request.counts ?? [:]
      try refuse(Array(counts.keys), besides: await supervisor.status.map(\.service))
      try await remember(counts)
      for (service, count) in counts { await supervisor.scale(service, to: count) }
    case .stop:
      let known = await supervisor.status.map(\.service)
      await supervisor.stop(request.services.isEmpty ? known : request.services.filter(known.contains))
      await changed(supervisor.status.map(\.service))
    }
  }

  /// Services that convox.yml names no more have nothing to be started with again.
  private func restart(_ services: [String]) async throws {
    let known = await supervisor.status.map(\.service)
    try refuse(services, besides: known)
    let gone = services.isEmpty ? try known.filter { try !isNamed($0) } : []
    if !gone.isEmpty {
      supervisor.tell(
        SupervisorEvent(.notice, nil, "no longer in convox.yml: \(gone.joined(separator: ", "))"))
      await supervisor.stop(gone)
      await changed(supervisor.status.map(\.service))
    }
    let names = services.isEmpty ? known.filter { !gone.contains($0) } : services
    if !names.isEmpty { await supervisor.replace(try await prepare(names)) }
  }

  private func refuse(_ names: [String], besides known: [String]) throws {
    let missing = names.filter { !known.contains($0) }.sorted()
    guard !missing.isEmpty else { return }
    throw DrydockError(
      .usage, "not started: \(missing.joined(separator: ", "))",
      suggestion: "start it: drydock start \(missing.joined(separator: " "))")
  }

  /// Waits for the word that a command has ended, or for the end of whoever would have said it.
  private func hold(_ command: MarkedCommand?, for connection: LineConnection) async throws {
    guard let command, try await send(ControlReply(), to: connection) else { return }
    if try await connection.line(until: .never) == nil { await end(command) }
  }

  private func watch(_ connection: LineConnection) async throws {
    let events = supervisor.events()
    guard try await send(ControlReply(status: await supervisor.status), to: connection) else { return }
    for await event in events {
      guard try await send(ControlReply(event: event), to: connection) else { return }
    }
  }

  @discardableResult
  private func send(_ reply: ControlReply, to connection: LineConnection) async throws -> Bool {
    try await connection.write(Array(try JSONEncoder().encode(reply)), until: .after(.seconds(30)))
  }
}
