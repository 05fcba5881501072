import ConvoxEnvironment
import Engines
import LocalServer
import MonotonicTime

/// Clean databases of one resource, over HTTP on 127.0.0.1.
struct CleanDatabaseServer: Sendable {
  private let web: WebServer
  private let routes: IntegreRoutes
  /// The resource.
  var resource: String { routes.endpoint.resource }
  /// Whether it is the one that IntegreSQL's clients look for by themselves.
  var isPostgres: Bool { routes.endpoint.shape == .database(scheme: "postgres") }

  /// - Parameters:
  ///   - copies: What the engine does, as the administrator.
  ///   - endpoint: How the app reaches the server.
  ///   - needsTLS: Whether the server takes no client without TLS.
  ///   - key: A secret for the paths.
  init(
    _ copies: any DatabaseCopies, _ endpoint: ResourceEndpoint, needsTLS: Bool, key: String,
    names: PoolNames = PoolNames(), limits: DatabasePool.Limits = .init()
  ) {
    let background = BackgroundWork()
    routes = IntegreRoutes(
      pool: DatabasePool(copies, background: background, names: names, limits: limits), endpoint: endpoint,
      parameters: needsTLS ? ["sslmode": "require"] : nil, key: key)
    var web = Limits()
    // What it still does is of no use to anybody once the tests have ended.
    web.shutdown = .zero
    self.web = WebServer(
      routes: routes.routes, password: nil, name: ServerName("test databases", passwordHint: ""),
      limits: web,
      log: RequestLog { _ in }, background: background)
  }

  /// Serves until it is cancelled.
  /// - Parameter ready: Told where, once it listens.
  func run(ready: @escaping @Sendable (_ url: String) -> Void) async throws {
    try await web.run(port: 0) { port in ready("http://127.0.0.1:\(port)\(routes.base)") }
  }
}
