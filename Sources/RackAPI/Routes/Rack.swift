package import AppState
package import ConvoxManifest
import Emulator
import Essentials
package import LocalServer
import NIOHTTP1

/// Convox's Rack API over the instances of this machine. What it does is the Emulator's; here are only the wire's names.
package struct Rack: Sendable {
  let context: DrydockContext
  let background = BackgroundWork()
  let activity = Activity()
  let failures = Failures()
  let developments = DevelopmentSessions()
  let builds = BuildRuns()
  let oneOffs = OneOffs()
  let started = Date()
  let log: RequestLog
  /// Whether it opens consoles, whose clients can run any program as drydock's user.
  let hasConsoles: Bool

  /// How long the log streams of a `convox start` may be gone before the tool counts as ended.
  let patience: Duration

  /// A rack over what a context knows.
  /// - Parameter patience: How long the log streams of a `convox start` may be gone before it counts as ended.
  package init(
    context: DrydockContext, log: RequestLog, hasConsoles: Bool = true, patience: Duration = .seconds(10)
  ) {
    self.context = context
    self.log = log
    self.hasConsoles = hasConsoles
    self.patience = patience
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
    systemRoutes + appRoutes + objectRoutes + buildRoutes + promoteRoutes + releaseRoutes + resourceRoutes
      + dataRoutes + createdRoutes + proxyRoutes
      + serviceRoutes + processRoutes + fileRoutes + logRoutes + machineRoutes
  }

  /// - Throws: `HTTPFailure` where whoever knows the password may not run programs as drydock's user.
  func requireCommands() throws {
    guard !hasConsoles else { return }
    throw HTTPFailure(
      .forbidden, "this rack opens no consoles and runs no commands: it was started with --no-console")
  }

  /// The app of that name.
  /// - Throws: `HTTPFailure` in the words by which the tool knows that an app is gone.
  func app(_ name: String) throws -> InstanceState {
    guard let app = context.store.apps().first(where: { $0.handle == name }) else {
      throw HTTPFailure.noSuch("app", name)
    }
    return app
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
