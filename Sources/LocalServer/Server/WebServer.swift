import DrydockBase
import Essentials
import Logging
import MonotonicTime
import NIOCore
import NIOHTTP1
import NIOPosix

/// The server: HTTP and websockets on 127.0.0.1, for those who know the password.
package struct WebServer: Sendable {
  private let router: Router
  private let gate: Gate
  private let name: ServerName
  private let limits: Limits
  private let log: RequestLog
  private let background: BackgroundWork

  /// A server, not yet listening.
  /// - Parameters:
  ///   - password: What every client has to know; nil where the paths of the routes hold a secret, for clients that can
  ///     send no password. Its log has to be silent then.
  ///   - background: What its routes hand work in to that goes on after the answer.
  package init(
    routes: [Route], password: String?, name: ServerName, limits: Limits = Limits(), log: RequestLog,
    background: BackgroundWork = BackgroundWork()
  ) {
    self.router = Router(routes: routes, name: name)
    self.gate = Gate(password: password, name: name)
    self.name = name
    self.limits = limits
    self.log = log
    self.background = background
  }

  private typealias Listener = NIOAsyncChannel<EventLoopFuture<Conversation>, Never>

  /// Serves until the task is cancelled. Then it accepts nothing more, lets the requests that run and the background
  /// work end, and cancels what is left after the limit for that.
  /// - Parameters:
  ///   - port: The port on 127.0.0.1; 0 for any that is free.
  ///   - ready: Told the port, once it is listened at.
  /// - Throws: `PortUnavailable`.
  @concurrent
  package func run(port: Int, ready: @escaping @Sendable (Int) throws -> Void) async throws {
    let connections = ConnectionRegistry(limit: limits.connections, strangers: limits.strangers)
    let listener = try await listen(port, connections)
    do {
      try ready(listener.channel.localAddress?.port ?? port)
    } catch {
      try await listener.executeThenClose { _ in }
      throw error
    }
    let stop = StopSignal()
    await withTaskCancellationHandler {
      // Cancellation means an orderly end here, so it must not reach the requests: the task is awaited all the same.
      await Task { await serve(listener, connections, stop) }.value
    } onCancel: {
      stop.send()
    }
  }

  private func listen(_ port: Int, _ connections: ConnectionRegistry) async throws -> Listener {
    let pipeline = Pipeline(limits: limits, connections: connections, log: log) { head in
      isSocket(head)
    } isKnown: { [gate] head, port in
      (try? gate.admit(head, at: port)) != nil
    }
    do {
      return try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .serverChannelOption(.backlog, value: 4096)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .bind(host: "127.0.0.1", port: port) { pipeline.configure($0) }
    } catch let error as IOError {
      throw PortUnavailable(port: port, errno: error.errnoCode)
    }
  }

  /// Whether a head may become a websocket. What may not is answered over HTTP, with the reason.
  private func isSocket(_ head: HTTPRequestHead) -> Bool {
    guard let request = try? Request(head, limits: limits),
      let match = try? router.match(request), case .socket = match.route.action
    else { return false }
    return true
  }

  @concurrent
  private func serve(_ listener: Listener, _ connections: ConnectionRegistry, _ stop: StopSignal) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await work(listener, connections) }
      group.addTask {
        await stop.wait()
        listener.channel.close(promise: nil)
        connections.stop()
        background.stop()
        let deadline = Deadline.after(limits.shutdown)
        guard (try? await SuspendingClock().sleep(until: deadline.instant)) != nil else { return }
        connections.closeAll()
      }
      // Either all work has ended, or its time is over.
      await group.next()
      group.cancelAll()
    }
  }

  private func work(_ listener: Listener, _ connections: ConnectionRegistry) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await accept(listener, connections) }
      group.addTask { await background.run() }
    }
  }

  private func accept(_ listener: Listener, _ connections: ConnectionRegistry) async {
    do {
      try await listener.executeThenClose { inbound in
        await withDiscardingTaskGroup { group in
          do {
            for try await conversation in inbound {
              group.addTask { await serve(conversation, connections) }
            }
          } catch {
            // The listener was closed; the connections that are open go on.
            logger.debug("no more connections", metadata: ["error": "\(error)"])
          }
        }
      }
    } catch {
      logger.debug("the port was closed already", metadata: ["error": "\(error)"])
    }
  }

  private func serve(_ conversation: EventLoopFuture<Conversation>, _ connections: ConnectionRegistry) async {
    let begun: Conversation
    do { begun = try await conversation.get() } catch {
      // It said nothing, or what it said is in the log by now.
      return logger.debug("ended before its first request", metadata: ["error": "\(error)"])
    }
    do {
      switch begun {
      case .http(let channel):
        let http = HTTPConversation(
          gate: gate, name: name, router: router, limits: limits, connections: connections, log: log)
        try await http.serve(channel)
      case .socket(let channel, let head):
        let socket = SocketConversation(router: router, limits: limits, connections: connections, log: log)
        try await socket.serve(channel, head)
      }
    } catch is CancellationError {
      // The server's own end.
    } catch ChannelError.ioOnClosedChannel {
      // Left after its answer.
    } catch {
      // The client left, or was cut off: nobody is there to be told but the log.
      let reason =
        (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? DrydockError(error).message
      log.note("a connection broke off: \(reason)")
    }
  }
}

/// What is of no use but to whoever looks for a fault; connections that break off are in the server's own log.
let logger = Logger(label: "drydock.server")
