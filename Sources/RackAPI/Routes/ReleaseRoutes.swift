import AppState
import ConvoxEnvironment
import Emulator
import Foundation
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
        return try .json(history.releases.prefix(limit).map { ReleaseJSON($0, app: state.handle) })
      },
      .get("/apps/:app/releases/:release") { request, _ in
        let state = try app(request["app"])
        let history = try await context.store.releases(of: state.id)
        guard let release = history.release(request["release"]) else {
          throw HTTPFailure.noSuch("release", request["release"])
        }
        return try .json(ReleaseJSON(release, app: state.handle))
      },
      .post("/apps/:app/releases") { request, body in
        try await createRelease(try app(request["app"]), try await body.form(request.headers))
      },
      .post("/apps/:app/releases/:release/promote") { request, body in
        _ = try await body.form(request.headers)
        return try await promote(request["release"], try app(request["app"]))
      },
    ]
  }

  private static func limit(_ text: String?) throws -> Int {
    guard let text else { return 20 }
    guard let limit = Int(text), limit > 0 else {
      throw HTTPFailure(.badRequest, "limit takes a number above 0, not \(text)")
    }
    return limit
  }

  private func createRelease(_ state: InstanceState, _ form: [String: String]) async throws -> Reply {
    if let build = form["build"], !build.isEmpty {
      throw HTTPFailure(.badRequest, "this rack serves no builds yet: drydock start runs the services")
    }
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
    let difference = AppEnvironment.difference(from: before, to: environment)
    let change = difference.isEmpty ? "env" : "env \(difference)"
    let release = try await context.store.createRelease(
      state.id, environment: environment, description: form["description"] ?? change)
    return try .json(ReleaseJSON(release, app: state.handle))
  }

  private func promote(_ release: String, _ state: InstanceState) async throws -> Reply {
    guard try await context.store.releases(of: state.id).release(release) != nil else {
      throw HTTPFailure.noSuch("release", release)
    }
    let operation = PromoteOperation(
      context: context, instance: state, choice: try RuntimeChoice(environment: context.environment)
    ) { log.note("\(state.handle): \($0)") }
    try await activity.during("updating", state.id) {
      try await operation.run(release, until: .after(.seconds(300)))
    }
    return .ok
  }
}

/// A release, in the API's names.
struct ReleaseJSON: Encodable, Sendable {
  var id: String
  var app: String
  var build = ""
  var env: String
  var manifest = ""
  var description: String
  var created: Date

  init(_ release: Release, app: String) {
    id = release.id
    self.app = app
    env = AppEnvironment(release.environment).text
    description = release.description
    created = release.created
  }
}
