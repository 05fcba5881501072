import AppState
import ConvoxManifest
import DrydockBase
import Essentials
import LocalServer
import MonotonicTime
import NIOHTTP1
import Services

/// `convox ps`, `exec` and `run`.
extension Rack {
  var processRoutes: [Route] {
    [
      .get("/apps/:app/processes") { request, _ in
        let all = try await processes(of: try running(request))
        let (service, release) = (request.query["service"], request.query["release"])
        return try .json(
          all.filter { (service ?? $0.name) == $0.name && (release ?? $0.release) == $0.release })
      },
      .get("/apps/:app/processes/:process") { request, _ in
        let app = try running(request)
        if let oneOff = try oneOffs.find(app.state.id, request["process"]) {
          oneOffs.note(oneOff) { $0.ask() }
        }
        guard let found = try await processes(of: app).first(where: { $0.id == request["process"] }) else {
          throw HTTPFailure.noSuch("process", request["process"])
        }
        return try .json(found)
      },
      .delete("/apps/:app/processes/:process") { request, _ in
        try await stop(request["process"], of: try running(request))
      },
      .post("/apps/:app/services/:service/processes") { request, _ in
        try requireCommands()
        return try .json(try await start(request["service"], of: try running(request), request.headers))
      },
      .socket("/apps/:app/processes/:process/exec") { request in
        do {
          try requireCommands()
          return try await exec(request["process"], of: try running(request), ExecOptions(request.headers))
        } catch {
          return ExecConversation.refusing(HTTPFailure(error))
        }
      },
    ]
  }

  private func processes(of app: RunningApp) async throws -> [ProcessJSON] {
    let release = try await context.store.releases(of: app.state.id).active ?? ""
    let services = try app.manifest()?.services ?? []
    let kept = try await app.status().flatMap { status in
      let command = services.first { $0.name == status.service }?.command ?? ""
      return status.replicas.map {
        ProcessJSON($0, of: status, app: app.state.handle, release: release, command: command)
      }
    }
    return kept + oneOffs.of(app.state.id).map { ProcessJSON($0, app: app.state.handle) }
  }

  /// Where a command goes that is to run beside a process.
  func access(_ id: String, of app: RunningApp) async throws -> ReplicaAccess {
    if let oneOff = try oneOffs.find(app.state.id, id) {
      guard let access = oneOff.access else { throw HTTPFailure.noSuch("process", id) }
      return access
    }
    do {
      if let access = try await app.supervisor.client.access(id, until: .after(.seconds(20))) {
        return access
      }
    } catch let error as DrydockError where error.code == .usage {
      throw HTTPFailure.noSuch("process", id)
    }
    throw SupervisorProcess.notStarted
  }

  private func stop(_ id: String, of app: RunningApp) async throws -> Reply {
    if let oneOff = try oneOffs.find(app.state.id, id) {
      oneOff.stop.come()
      return .ok
    }
    do {
      try await app.ask(ControlRequest(.end, services: [id]))
    } catch let error as DrydockError where error.code == .usage {
      throw HTTPFailure.noSuch("process", id)
    }
    return .ok
  }

  private func exec(_ id: String, of app: RunningApp, _ options: ExecOptions) async throws -> Route.Conversing
  {
    let conversation = ExecConversation(
      context: context, access: try await access(id, of: app), supervisor: app.supervisor.client,
      options: options)
    let oneOff = try oneOffs.find(app.state.id, id)
    return { socket in
      guard let oneOff else { return try await conversation.run(socket) }
      oneOffs.note(oneOff) { $0.begin() }
      defer { oneOffs.note(oneOff) { $0.end() } }
      try await conversation.run(socket)
    }
  }
}

/// A process, in the API's names.
struct ProcessJSON: Encodable, Sendable {
  let id: String
  let app: String
  let command: String
  var cpu = 0.0
  var host = "127.0.0.1"
  var image = ""
  var instance = Machine.name
  var memory = 0.0
  let name: String
  var ports: [String] = []
  let release: String
  let started: Date
  let status: String

  /// One that the supervisor keeps.
  init(_ replica: ReplicaStatus, of service: ServiceStatus, app: String, release: String, command: String) {
    id = "\(service.service).\(replica.number)"
    self.app = app
    self.command = command
    name = service.service
    ports = replica.port.map { ["\($0)"] } ?? []
    self.release = release
    started = replica.startedAt ?? .distantPast
    status = replica.state.word
  }

  /// A command that is run once.
  init(_ oneOff: OneOff, app: String) {
    id = oneOff.id
    self.app = app
    command = oneOff.run.command
    name = oneOff.run.service
    release = oneOff.release
    started = oneOff.started
    status = "running"
  }
}

extension ReplicaState {
  /// As racks call it.
  fileprivate var word: String {
    switch self {
    case .waiting, .starting: "pending"
    case .ready, .stopping: "running"
    case .unhealthy: "unhealthy"
    case .restarting, .crashLoop: "crashed"
    }
  }
}
