package import MonotonicTime
import NIOCore
import NIOPosix
import TransportSecurity

/// A service's port: takes requests on 127.0.0.1 and hands them to the service's replicas, as AWS's balancer does.
///
/// Replicas and condition are told at any time; what was told first counts first. A request for which there is no
/// replica waits for one.
package final class ServiceRouter: Sendable {
  /// Where it listens.
  package let port: Int
  private let loop: any EventLoop
  private let core: NIOLoopBound<RouterCore>
  private let listeners: [any Channel]
  /// Where it speaks TLS; nil for nowhere.
  package let securePort: Int?

  private init(
    _ listeners: [any Channel], _ core: NIOLoopBound<RouterCore>, _ ports: Ports, on loop: any EventLoop
  ) {
    (port, securePort) = (ports.plain, ports.secure)
    self.listeners = listeners
    self.core = core
    self.loop = loop
  }

  /// Listens, without a replica yet.
  /// - Parameter port: The port of 127.0.0.1; 0 for any that is free.
  /// - Throws: `RouterPortError`; `TLSError` for a certificate that is none.
  package static func listen(port: Int, _ options: RouterOptions) async throws -> ServiceRouter {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let core = try await loop.submit { NIOLoopBound(RouterCore(options, loop: loop), eventLoop: loop) }.get()
    let plain = try await open(port, options.mode, core, nil, on: loop)
    var secure: (any Channel)?
    do {
      if let wanted = options.secure {
        secure = try await open(wanted.port, options.mode, core, wanted.identity, on: loop)
      }
    } catch {
      try? await plain.close().get()
      throw error
    }
    let ports = Ports(plain: plain.localAddress?.port ?? port, secure: secure?.localAddress?.port)
    try await loop.submit { core.value.ports = ports }.get()
    return ServiceRouter([plain, secure].compactMap(\.self), core, ports, on: loop)
  }

  private static func open(
    _ port: Int, _ mode: RouterOptions.Mode, _ core: NIOLoopBound<RouterCore>, _ identity: KeyedCertificate?,
    on loop: any EventLoop
  ) async throws -> any Channel {
    let listener = try await loop.submit {
      NIOLoopBound(RouterListener(core.value, try identity.map(TLSServer.init)), eventLoop: loop)
    }.get()
    do {
      return try await RouterListener.bootstrap(listener, mode, on: loop).bind(host: "127.0.0.1", port: port)
        .get()
    } catch let error as IOError {
      throw RouterPortError(port: port, errorNumber: error.errnoCode)
    }
  }

  /// Says which replicas there are. Requests that are on their way to one that is not named any more go on.
  package func setBackends(_ backends: [Backend]) {
    loop.execute { [core] in core.value.set(backends) }
  }

  /// Says what the service is doing.
  /// - Parameter detail: A line more for those who are told, such as the end of a log.
  package func setCondition(_ condition: ServiceCondition, detail: String? = nil) {
    loop.execute { [core] in core.value.set(condition, detail) }
  }

  /// How many requests and upgraded connections a replica has.
  package func inFlight(_ id: String) async -> Int {
    (try? await loop.submit { [core] in core.value.entry(id)?.inFlight ?? 0 }.get()) ?? 0
  }

  /// How many requests wait for a replica.
  package func waiting() async -> Int {
    (try? await loop.submit { [core] in core.value.waitingCount }.get()) ?? 0
  }

  /// Sends no new requests to a replica, and waits for those that it has until the deadline, or the task's cancellation.
  /// - Returns: How many it still has.
  package func drain(_ id: String, until deadline: Deadline) async -> Int {
    let drained = loop.flatSubmit { [core, loop] in
      let promise = loop.makePromise(of: Void.self)
      core.value.drain(id)
      if let entry = core.value.entry(id) { entry.whenDrained(promise) } else { promise.succeed() }
      return promise.futureResult
    }
    await Self.wait(for: drained, on: loop, until: deadline)
    return await inFlight(id)
  }

  /// Takes no more clients, and waits for what is under way until the deadline, or the task's cancellation; then it
  /// is broken off.
  package func close(until deadline: Deadline = .after(.zero)) async {
    for listener in listeners { try? await listener.close().get() }
    let ended = loop.flatSubmit { [core] in core.value.close() }
    await Self.wait(for: ended, on: loop, until: deadline)
    try? await loop.submit { [core] in core.value.abort() }.get()
    try? await ended.get()
  }

  private static func wait(
    for future: EventLoopFuture<Void>, on loop: any EventLoop, until deadline: Deadline
  ) async {
    let promise = loop.makePromise(of: Void.self)
    let alarm = loop.scheduleTask(in: TimeAmount(deadline.remaining)) { promise.succeed() }
    future.whenComplete { _ in promise.succeed() }
    await withTaskCancellationHandler {
      try? await promise.futureResult.get()
    } onCancel: {
      promise.succeed()
    }
    alarm.cancel()
  }
}
