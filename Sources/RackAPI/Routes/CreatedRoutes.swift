import AppState
import Emulator
import LocalServer
import MonotonicTime
import NIOHTTP1
import Planning
import Resources
import Synchronization

/// `convox rack resources`: the resources that are created on their own.
extension Rack {
  var createdRoutes: [Route] {
    [
      .options("/resources") { _, _ in try .json(created.types()) },
      .get("/resources") { _, _ in try .json(try await lookup.created().map(ResourceJSON.init)) },
      .post("/resources") { request, body in try await create(try await body.form(request.headers)) },
      .get("/resources/:name") { request, _ in
        try failures.tell(request["name"])
        let target = try createdTarget(request["name"])
        return try .json(ResourceJSON(try await lookup.describe(target)))
      },
      .put("/resources/:name") { request, body in
        let parameters = try Self.parameters(try await body.form(request.headers))
        let name = try createdTarget(request["name"]).name
        return try await begin { try await created.update(name, parameters: parameters, $0) }
      },
      .delete("/resources/:name") { request, _ in
        let name = try createdTarget(request["name"]).name
        return try await begin { try await created.delete(name, $0) }
      },
    ] + linkRoutes
  }

  private var linkRoutes: [Route] {
    [
      .post("/resources/:name/links") { request, body in
        let form = try await body.form(request.headers)
        let name = try createdTarget(request["name"]).name
        let app = try app(form["app"] ?? "")
        return try .json(ResourceJSON(try await created.link(name, to: app, try work())))
      },
      .delete("/resources/:name/links/:app") { request, _ in
        let name = try createdTarget(request["name"]).name
        let app = try app(request["app"])
        return try .json(ResourceJSON(try await created.unlink(name, from: app, try work())))
      },
    ]
  }

  private var created: CreatedResources { CreatedResources(context: context) }

  private func createdTarget(_ name: String) throws -> ResourceTarget {
    guard let target = lookup.createdTargets().first(where: { $0.name == name }) else {
      throw HTTPFailure.noSuch("resource", name)
    }
    return target
  }

  private func create(_ form: [String: String]) async throws -> Reply {
    guard let kind = form["kind"], !kind.isEmpty else {
      throw HTTPFailure(.badRequest, "parameter required: kind")
    }
    let parameters = try Self.parameters(form)
    let name = form["name"].flatMap { $0.isEmpty ? nil : $0 }
    return try await begin { try await created.create(kind, named: name, parameters: parameters, $0) }
  }

  /// The options, which are a form in a value of the form.
  private static func parameters(_ form: [String: String]) throws -> [String: String] {
    try FormValues.parse(form["parameters"] ?? "")
  }

  private func work(accepted: @escaping @Sendable (RackResource) -> Void = { _ in }) throws -> ResourceWork {
    ResourceWork(
      choice: try RuntimeChoice(environment: context.environment), deadline: .after(.seconds(600)),
      events: .init(phase: { _, _ in }, notice: { log.note($0) }, planned: { _ in }), accepted: accepted)
  }

  /// Answers as soon as the operation has passed its checks, while it goes on in the background: the tool asks again
  /// and again until the status is `running`, or the resource is gone.
  private func begin(
    _ operation: @escaping @Sendable (ResourceWork) async throws -> RackResource
  ) async throws -> Reply {
    let (answers, answer) = AsyncThrowingStream.makeStream(of: RackResource.self)
    let name = Mutex<String?>(nil)
    let work = try work { resource in
      name.withLock { $0 = resource.name }
      failures.forget(resource.name)
      answer.yield(resource)
    }
    try background.start {
      do {
        let resource = try await operation(work)
        failures.forget(resource.name)
        answer.yield(resource)
        answer.finish()
      } catch {
        let failure = HTTPFailure(error)
        if let name = name.withLock({ $0 }) { failures.note(failure, of: name) }
        log.note("resources: \(failure.message)")
        answer.finish(throwing: failure)
      }
    }
    for try await resource in answers { return try .json(ResourceJSON(resource)) }
    throw HTTPFailure(.internalServerError, "the operation ended without a result")
  }
}
