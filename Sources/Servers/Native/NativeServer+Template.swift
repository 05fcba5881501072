import DrydockBase
import Engines
package import MonotonicTime
import NativeProcess
package import Planning

extension NativeRuntime {
  /// Makes the template of a server's data, unless an intact one is there.
  /// - Parameter spec: What is wanted, under a name that no other server of the instance has.
  /// - Returns: Whether there was none; nil for a server without, as it makes its own data.
  /// - Throws: `NativeProcessError`, `TimeoutError`, `DrydockError.cannotWrite` where the cache cannot keep it.
  package func makeTemplate(_ spec: ResourceSpec, _ source: ServerSource, until deadline: Deadline)
    async throws
    -> Bool?
  {
    guard let engine = spec.engine.server, case .installation(let installation) = source.origin else {
      throw DrydockError(.internalFault, "\(spec.name) was resolved for another runtime")
    }
    let request = ServerRequest(
      marker: spec.name, port: 0, password: "", administratorPassword: "", options: spec.options,
      version: source.version)
    let launch = Launch(
      spec: spec, engine: engine, request: request, source: source, hasVerifiedData: false)
    return try await server(launch, installation).makeTemplate(until: deadline)
  }
}

extension NativeServer {
  /// Lays a throw-away server's data over the template, where the system lets that be.
  /// - Returns: Whether it is done; if not, the folder is as empty as before.
  func fillOverlay(
    _ data: String, of template: DataTemplate, _ progress: ProgressSink, _ deadline: Deadline
  ) async throws -> Bool {
    // An overlay is in memory: where that is short, the instance lies on the disk.
    guard launch.request.isThrowAway, isInMemory, let leash else { return false }
    do {
      progress("overlaying")
      return try await template.overlay(at: data, files: layout.files, leash: leash, until: deadline) != nil
    } catch DataOverlay.Refusal.system(let reason) {
      progress("copying, without an overlay: \(reason)")
      return false
    }
  }

  fileprivate func makeTemplate(until deadline: Deadline) async throws -> Bool? {
    let user = try launch.engine.processUser()
    let server = try await relocated(for: user, until: deadline)
    let tools = EngineTools(user: user, keeper: keeper, environment: environment)
    guard let template = server.template(tools) else { return nil }
    try NativeFolder.open(layout, owner: user).prepare(socket: nil)
    let data = layout.newAside()
    try tools.makeFolder(data)
    let recipe = server.recipe(layout.folders(data: data))
    return try await template.make(data, until: deadline) {
      try await server.initialise(recipe, data, tools, progress: { _ in }, until: deadline)
    }
  }
}
