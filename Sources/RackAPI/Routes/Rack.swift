package import AppState
package import ConvoxManifest
import Emulator
import Foundation
package import LocalServer
import MonotonicTime
import NIOHTTP1
import Synchronization

/// Convox's Rack API over the instances of this machine. What it does is the Emulator's; here are only the wire's names.
package struct Rack: Sendable {
  let context: DrydockContext
  let background = BackgroundWork()
  let activity = Activity()
  let failures = Failures()
  let oneOffs = OneOffs()
  let logStreams = LogStreams()
  let started = Date()
  let log: RequestLog
  /// Whether it opens consoles, whose clients can run any program as drydock's user.
  let hasConsoles: Bool

  /// A rack over what a context knows.
  package init(context: DrydockContext, log: RequestLog, hasConsoles: Bool = true) {
    self.context = context
    self.log = log
    self.hasConsoles = hasConsoles
  }

  /// The server of this rack.
  package func server(password: String, limits: Limits = Limits()) -> WebServer {
    WebServer(
      routes: routes, password: password, name: Self.name, limits: limits, log: log, background: background)
  }

  /// What it calls itself before its clients.
  static let name = ServerName(
    "rack", passwordHint: "the rack's own one is in RACK_URL after eval \"$(drydock rack env)\"")

  var routes: [Route] {
    systemRoutes + appRoutes + releaseRoutes + resourceRoutes + dataRoutes + createdRoutes + proxyRoutes
      + serviceRoutes + processRoutes + fileRoutes + logRoutes + machineRoutes
      + laterRoutes
  }

  /// The app of that name.
  /// - Throws: `HTTPFailure` in the words by which the tool knows that an app is gone.
  func app(_ name: String) throws -> InstanceState {
    guard let app = context.store.apps().first(where: { $0.handle == name }) else {
      throw HTTPFailure.noSuch("app", name)
    }
    return app
  }

  /// What Convox's tool asks of racks for `start`, `deploy`, `run`, `logs` and the like.
  private var laterRoutes: [Route] {
    func later(_ pattern: String, _ subject: String) -> [Route] {
      [HTTPMethod.GET, .POST, .PUT, .DELETE, .HEAD].map { method in
        Route(method, pattern, .reply { _, _ in throw Self.later(subject) })
      }
    }
    // A handshake that fails tells the tool's user nothing: these are told in the stream.
    func laterStream(_ pattern: String, _ subject: String) -> Route {
      .socket(pattern) { _ in throw Self.later(subject) }
    }
    return [
      laterStream("/apps/:app/builds/:build/logs", "builds")
    ] + later("/apps/:app/builds/*", "builds")
      + later("/apps/:app/objects/*", "objects")
  }

  /// What is answered where the tool asks for what is not here yet.
  private static func later(_ subject: String) -> HTTPFailure {
    HTTPFailure(.notFound, "this rack serves no \(subject) yet: drydock start runs the services")
  }
}

extension HTTPFailure {
  /// Something that does not exist; the tool and its users know these words.
  static func noSuch(_ kind: String, _ name: String) -> HTTPFailure {
    HTTPFailure(.notFound, "no such \(kind): \(name)")
  }
}

extension ManifestError: HTTPFailureConvertible {
  /// All that is wrong with it.
  package var httpFailure: HTTPFailure {
    HTTPFailure(.badRequest, diagnostics.map(\.text).joined(separator: "\n"))
  }
}

/// What is being done to which instance at this moment, by this server.
final class Activity: Sendable {
  private let states = Mutex<[String: String]>([:])

  /// `updating`, `deleting`, or `running` where nothing is being done.
  func status(of id: String) -> String { states.withLock { $0[id] } ?? "running" }

  /// Notes the status while `body` works.
  /// - Throws: `HTTPFailure` with 409 when something else is being done already; what `body` throws.
  func during<Value>(_ status: String, _ id: String, _ body: () async throws -> Value) async throws -> Value {
    try begin(status, id)
    defer { end(id) }
    return try await body()
  }

  func begin(_ status: String, _ id: String) throws {
    try states.withLock { states in
      guard let current = states[id] else { return states[id] = status }
      throw HTTPFailure(.conflict, "it is \(current) already; try again when that is through")
    }
  }

  func end(_ id: String) { states.withLock { $0[id] = nil } }
}
