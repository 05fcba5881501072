import AppState
import ConvoxManifest
import LocalServer
import NIOHTTP1
import Services

/// `convox logs`.
extension Rack {
  var logRoutes: [Route] {
    [
      .socket("/apps/:app/logs") { request in
        try logs(of: try running(request), request) { _ in true }
      },
      .socket("/apps/:app/services/:service/logs") { request in
        let app = try running(request)
        let name = try app.service(request["service"]).name
        return try logs(of: app, request) { $0.service == name }
      },
      .socket("/apps/:app/processes/:process/logs") { request in
        let name = request["process"]
        return try logs(of: try running(request), request) { $0.name == name }
      },
    ]
  }

  private func logs(
    of app: RunningApp, _ request: Request, where isWanted: @escaping @Sendable (ServiceReplica) -> Bool
  ) throws -> Route.Conversing {
    let options = try LogOptions(request.headers)
    let conversation = LogConversation(
      log: ServiceLog(app.supervisor.folder, where: isWanted), options: options)
    let since = request.headers.first(name: "Since")
    return { socket in
      try await following(app.state, since: since) { try await conversation.run(socket) }
    }
  }
}
