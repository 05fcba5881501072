import AppState
import ConvoxManifest
import LocalServer
import MonotonicTime
import NIOHTTP1
import Services

/// `convox services`, `scale` and `restart`.
extension Rack {
  var serviceRoutes: [Route] {
    [
      .get("/apps/:app/services") { request, _ in try .json(try await services(of: try running(request))) },
      .put("/apps/:app/services/:service") { request, body in
        try await update(request["service"], of: try running(request), try await body.form(request.headers))
      },
      .post("/apps/:app/services/:service/restart") { request, _ in
        let app = try running(request)
        let name = try app.service(request["service"]).name
        try await app.ask(ControlRequest(.restart, services: [name]))
        return .ok
      },
      // The newest of the tools asks for it with each list.
      .get("/apps/:app/budget") { request, _ in
        _ = try app(request["app"])
        return try .json(BudgetJSON())
      },
      .get("/apps/:app/configs") { request, _ in
        _ = try app(request["app"])
        return try .json([String]())
      },
      .get("/apps/:app/configs/:name") { request, _ in
        _ = try app(request["app"])
        throw HTTPFailure(.notFound, "app config not found: \(request["name"])")
      },
    ]
  }

  private func services(of app: RunningApp) async throws -> [ServiceJSON] {
    let status = try await app.status()
    let records = try ServiceStore(app.supervisor.folder).load().services
    let services = try app.manifest()?.services ?? []
    return services.map { service in
      let running = status.first { $0.service == service.name }
      let count = running?.desired ?? records[service.name]?.count ?? service.scaling.count.min
      return ServiceJSON(service, count: count, records[service.name] ?? ServiceRecord())
    }
  }

  private func update(_ name: String, of app: RunningApp, _ form: [String: String]) async throws -> Reply {
    let service = try app.service(name)
    try refuse(form, besides: service)
    guard let text = form["count"] else { return .ok }
    guard let count = Int(text) else {
      throw HTTPFailure(.badRequest, "count takes a number, not \(text)")
    }
    if let problem = ServiceSpec.problem(withCount: count) { throw HTTPFailure(.badRequest, problem) }
    let request = ControlRequest(.scale, counts: [name: count])
    if try await app.supervisor.client.ask(request, until: .after(.seconds(60))) == nil {
      // Nothing is started: it counts from the next start on.
      try await app.supervisor.remember([name: count])
    }
    return .ok
  }

  /// Everything but the number is the manifest's here.
  private func refuse(_ form: [String: String], besides service: Service) throws {
    let own = ["cpu": "\(service.scaling.cpu)", "memory": "\(service.scaling.memory)"]
    let others = form.filter { $0.key != "count" && own[$0.key] != $0.value }
    guard let first = others.keys.sorted().first else { return }
    throw HTTPFailure(
      .badRequest,
      "this rack scales by --count alone: \(first) is set in convox.yml, under scale: of \(service.name)")
  }
}

/// A service, in the API's names.
struct ServiceJSON: Encodable, Sendable {
  struct Port: Encodable, Sendable {
    let balancer: Int
    let container: Int
    var certificate = ""
  }

  let name: String
  let count: Int
  let cpu: Int
  let memory: Int
  let domain: String
  let ports: [Port]

  /// - Parameter record: With the routers' ports on 127.0.0.1, where it has any yet.
  init(_ service: Service, count: Int, _ record: ServiceRecord) {
    name = service.name
    self.count = count
    cpu = service.scaling.cpu
    memory = service.scaling.memory
    domain = service.port == nil && service.furtherPorts.isEmpty ? "" : "127.0.0.1"
    let main = service.port.map { [Port(balancer: record.port ?? 0, container: $0.number)] } ?? []
    ports = main + service.furtherPorts.map { Port(balancer: record.ports?[$0] ?? 0, container: $0) }
  }
}

/// A budget as an app has it that has none.
private struct BudgetJSON: Encodable {
  private enum CodingKeys: CodingKey {
    case config, state
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeNil(forKey: .config)
    try values.encodeNil(forKey: .state)
  }
}
