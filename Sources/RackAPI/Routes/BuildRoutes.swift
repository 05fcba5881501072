import AppState
import DrydockBase
import Essentials
import LocalServer
import NIOCore
import NIOHTTP1

/// `convox build` and `builds`, and the first half of `start` and `deploy`.
extension Rack {
  var buildRoutes: [Route] {
    [
      .get("/apps/:app/builds") { request, _ in
        let state = try app(request["app"])
        let limit = try Self.limit(request.query["limit"])
        let builds = buildStore(state).list().prefix(limit)
        return try .json(builds.map { BuildJSON($0, app: state.handle) })
      },
      .post("/apps/:app/builds") { request, body in
        try requireCommands()
        return try await createBuild(try app(request["app"]), try await body.form(request.headers))
      },
      .post("/apps/:app/builds/import") { request, body in
        try requireCommands()
        return try await importBuild(try app(request["app"]), &body)
      },
      .get("/apps/:app/builds/:build") { request, _ in
        let state = try app(request["app"])
        if request["build"].hasSuffix(".tgz") {
          return try exportBuild(String(request["build"].dropLast(4)), of: state)
        }
        return try .json(BuildJSON(try build(request["build"], of: state), app: state.handle))
      },
      .socket("/apps/:app/builds/:build/logs") { request in
        let state = try app(request["app"])
        let build = try build(request["build"], of: state)
        let log = BuildLogStream(
          path: buildStore(state).log(of: build.id), output: builds.output(build.id))
        return { socket in
          try await socket.converse { _ in
          } output: {
            try await log.run { try await socket.write(ByteBuffer(bytes: $0)) }
          }
        }
      },
    ]
  }

  func buildStore(_ state: InstanceState) -> BuildStore { BuildStore(home: context.home, id: state.id) }

  /// A build as it is.
  /// - Throws: `HTTPFailure` for one that there is not.
  func build(_ id: String, of state: InstanceState) throws -> AppBuild {
    guard let build = buildStore(state).load(id) else { throw HTTPFailure.noSuch("build", id) }
    return build
  }

  /// Answers at once; the build goes on in the background.
  private func createBuild(_ state: InstanceState, _ form: [String: String]) async throws -> Reply {
    guard form["external"] != "true" else {
      throw HTTPFailure(
        .badRequest,
        "this rack takes no images that were built elsewhere: leave out --external, and it builds here")
    }
    let source = try upload(form["url"] ?? "", of: state)
    var build = AppBuild()
    build.status = .running
    build.description = form["description"] ?? ""
    build.gitSha = form["git-sha"] ?? ""
    build.manifestName = try Self.manifestName(form["manifest"])
    let store = buildStore(state)
    try await store.save(build)
    if isOwn(state) {
      guard rename(source, store.source(of: build.id)) == 0 else {
        throw Folder.failure("keep", store.source(of: build.id))
      }
    } else {
      // An app with a folder is built where it lies.
      unlink(source)
    }
    let run = try begin(build, of: state, form)
    do { try background.start { await run.run() } } catch {
      builds.end(build.id)
      throw error
    }
    return try .json(BuildJSON(build, app: state.handle))
  }

  /// A build whose source is in its place.
  func begin(_ build: AppBuild, of state: InstanceState, _ form: [String: String] = [:]) throws
    -> AppBuilding
  {
    let output = try BuildOutput(path: buildStore(state).log(of: build.id))
    builds.begin(build.id, output)
    return AppBuilding(
      rack: self, state: state, build: build, output: output,
      ignoresCache: form["no-cache"] == "true",
      arguments: form["build-args"])
  }

  /// The manifest's name, which has to be that of a file beside the app's other files.
  static func manifestName(_ text: String?) throws -> String {
    guard let text, !text.isEmpty else { return "convox.yml" }
    let name = text.beginsExactly(with: "./") ? String(text.dropFirst(2)) : text
    guard !name.contains("/"), name != "..", name != "." else {
      throw HTTPFailure(.badRequest, "the manifest has to lie in the app's own folder, not at \(text)")
    }
    return name
  }
}

/// A build, in the API's names.
struct BuildJSON: Encodable, Sendable {
  var id: String
  var app: String
  var description: String
  var entrypoint = ""
  var gitSha: String
  var logs = ""
  var manifest: String
  var process = ""
  var release: String
  var reason: String
  var status: String
  var started: Date
  /// Left out as long as it is not over.
  var ended: Date?

  enum CodingKeys: String, CodingKey {
    case id, app, description, entrypoint, logs, manifest, process, release, reason, status, started, ended
    case gitSha = "git-sha"
  }

  init(_ build: AppBuild, app: String) {
    id = build.id
    self.app = app
    description = build.description
    gitSha = build.gitSha
    manifest = build.manifest
    release = build.release ?? ""
    reason = build.reason ?? ""
    status = build.status.rawValue
    started = build.started
    ended = build.ended
  }
}
