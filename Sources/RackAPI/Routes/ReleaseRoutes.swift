import AppState
import ConvoxEnvironment
import Emulator
import Essentials
import LocalServer
import MonotonicTime
import NIOHTTP1
import Planning

/// `convox env` and `convox releases`.
extension Rack {
  var releaseRoutes: [Route] {
    [
      .get("/apps/:app/releases") { request, _ in
        let state = try app(request["app"])
        let limit = try Self.limit(request.query["limit"])
        let history = try await context.store.releases(of: state.id)
        return try .json(history.releases.prefix(limit).map { shown($0, state) })
      },
      .get("/apps/:app/releases/:release") { request, _ in
        let state = try app(request["app"])
        let history = try await context.store.releases(of: state.id)
        guard let release = history.release(request["release"]) else {
          throw HTTPFailure.noSuch("release", request["release"])
        }
        return try .json(shown(release, state))
      },
      .post("/apps/:app/releases") { request, body in
        try await createRelease(try app(request["app"]), try await body.form(request.headers))
      },
    ]
  }

  static func limit(_ text: String?) throws -> Int {
    guard let text else { return 20 }
    guard let limit = Int(text), limit > 0 else {
      throw HTTPFailure(.badRequest, "limit takes a number above 0, not \(text)")
    }
    return limit
  }

  private func createRelease(_ state: InstanceState, _ form: [String: String]) async throws -> Reply {
    let build = try form["build"].flatMap { $0.isEmpty ? nil : try self.build($0, of: state) }
    // Without an env it is that of the newest release, as a rack has it.
    let newest = try await context.store.releases(of: state.id).releases.first?.environment
    let before = newest ?? state.appEnvironment
    let environment: [String: String]
    if let text = form["env"] {
      let parsed = AppEnvironment.parse(text)
      // With such a line every later `convox env` of the app would fail, and with it its removal.
      if let name = AppEnvironmentRules.overlongName(in: parsed) {
        throw HTTPFailure(.badRequest, "\(name) has a line of 64 KiB or more: the app env takes none")
      }
      environment = parsed.values
    } else {
      environment = before
    }
    let release = try await context.store.createRelease(
      state.id, environment: environment,
      description: form["description"] ?? Self.change(form, from: before, to: environment, build),
      build: form["build"])
    return try .json(shown(release, state))
  }

  /// What a release changes: the env, else the code.
  private static func change(
    _ form: [String: String], from before: [String: String], to environment: [String: String],
    _ build: AppBuild?
  ) -> String {
    let difference = AppEnvironment.difference(from: before, to: environment)
    if form["env"] == nil, let build { return build.description }
    return difference.isEmpty ? "env" : "env \(difference)"
  }

  /// A release with the manifest of its build.
  private func shown(_ release: Release, _ state: InstanceState) -> ReleaseJSON {
    ReleaseJSON(
      release, app: state.handle, manifest: release.build.flatMap(buildStore(state).load)?.manifest ?? "")
  }
}

/// A release, in the API's names.
struct ReleaseJSON: Encodable, Sendable {
  var id: String
  var app: String
  var build: String
  var env: String
  var manifest: String
  var description: String
  var created: Date

  init(_ release: Release, app: String, manifest: String) {
    id = release.id
    self.app = app
    build = release.build ?? ""
    self.manifest = manifest
    env = AppEnvironment(release.environment).text
    description = release.description
    created = release.created
  }
}
