import AppState
import Emulator
import LocalServer
import MonotonicTime
import NIOHTTP1
import Planning
import Services

/// `convox apps`: the instances of this machine, and those that are made here.
extension Rack {
  var appRoutes: [Route] {
    [
      .get("/apps") { _, _ in try await listApps() },
      .post("/apps") { request, body in try await createApp(try await body.form(request.headers)) },
      .get("/apps/:app") { request, _ in try .json(try await describe(try app(request["app"]))) },
      .put("/apps/:app") { request, body in
        try await updateApp(try app(request["app"]), try await body.form(request.headers))
      },
      .delete("/apps/:app") { request, _ in try await deleteApp(try app(request["app"])) },
    ]
  }

  private func listApps() async throws -> Reply {
    var apps: [AppJSON] = []
    for state in context.store.apps() { apps.append(try await describe(state)) }
    return try .json(apps)
  }

  private func describe(_ state: InstanceState) async throws -> AppJSON {
    let history = try await context.store.releases(of: state.id)
    return AppJSON(
      name: state.handle, release: history.active ?? "", status: activity.status(of: state.id),
      parameters: state.shownParameters)
  }

  /// Makes an app without a folder of the user's: it has one in drydock's home.
  private func createApp(_ form: [String: String]) async throws -> Reply {
    guard let name = form["name"], !name.isEmpty else {
      throw HTTPFailure(.badRequest, "parameter required: name")
    }
    if let generation = form["generation"], generation != "2" {
      throw HTTPFailure(.badRequest, "this rack has apps of generation 2 only")
    }
    let state = try await context.directory.create(app: name, until: .after(.seconds(30)))
    return try .json(try await describe(state))
  }

  /// `convox apps params set`, `apps lock` and `apps unlock`.
  private func updateApp(_ state: InstanceState, _ form: [String: String]) async throws -> Reply {
    guard form["lock"] != "true" else {
      throw HTTPFailure(.badRequest, "this rack has no termination protection for apps")
    }
    var values: [AppParameter: String] = [:]
    for (name, value) in try FormValues.parse(form["parameters"] ?? "") {
      let parameter = try AppParameter.named(name)
      try parameter.check(value)
      values[parameter] = value
    }
    guard !values.isEmpty else { return .ok }
    let note = { @Sendable (text: String) in log.note("\(state.handle): \(text)") }
    let workspace = try Workspace.present(in: state.path)
    let operation = ParameterOperation(context: context, instance: state, workspace: workspace, notice: note)
    try await activity.during("updating", state.id) {
      let waiting = try await operation.set(values, until: .after(.seconds(120)))
      if !waiting.isEmpty {
        note("\(waiting.joined(separator: ", ")) gets the new password with the next up")
      }
    }
    return .ok
  }

  /// Deletes the app with its data; the user's own folder stays. The answer comes when it is done, so that what
  /// forbids it is told to whoever asked.
  private func deleteApp(_ state: InstanceState) async throws -> Reply {
    let operation = DownOperation(
      context: context, instance: state, selected: nil, deletesData: true, isForgotten: true,
      notice: { log.note($0) })
    try await activity.during("deleting", state.id) {
      let services = StopServices(context: context, id: state.id)
      _ = try await services.run([])
      try await services.deleteAll(state.runtime)
      _ = try await operation.run(until: .after(.seconds(120)))
    }
    return .ok
  }
}

/// An app, in the API's names.
struct AppJSON: Encodable, Sendable {
  var generation = "2"
  var locked = false
  var name: String
  var release: String
  var router = ""
  var status: String
  var parameters: [String: String]
}
