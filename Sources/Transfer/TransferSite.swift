package import AppState
package import ByteStreams
import ConvoxEnvironment
package import DrydockBase
package import Engines
import HealthProbes
package import LocalFiles
import Planning
package import Resources
package import Servers

/// A resource that is reached: its running server, or its directory.
package struct TransferSite: Sendable {
  package let target: ResourceTarget
  /// The home in which it is.
  package let home: StateHome
  /// The server; nil for a shared directory.
  package let server: Server?
  /// The directory of a resource that is one.
  package let directory: DirectoryDescriptor?

  /// A server that runs, and where its clients do.
  package struct Server: Sendable {
    package let launch: Launch
    package let runtime: any Runtime
    package let host: any ClientHost
  }

  /// Reaches a resource.
  /// - Throws: `DrydockError` where it does not run, or runs elsewhere; in another user's home.
  package init(_ target: ResourceTarget, _ context: DrydockContext, verb: String) async throws {
    self.target = target
    home = context.home
    // Clients leave files in the home, and an import changes data.
    try context.home.refuseOthers()
    guard let engine = target.engine else { throw Self.refusal(target, verb) }
    if let url = target.endpoint?.maskedURL, target.isExternal {
      throw DrydockError(
        .failed, "\(verb) not available for \(target.name): it is a server elsewhere, \(url)",
        suggestion: "use that server's own tools")
    }
    guard let record = target.record else { throw Self.notRunning(target) }
    guard let server = engine.server else {
      self.server = nil
      let shared = SharedDirectory(
        resource: target.state.storage(of: target.name), options: record.options, home: context.home,
        id: target.state.id)
      directory = try shared.open()
      guard directory != nil else { throw Self.notRunning(target) }
      return
    }
    directory = nil
    guard let kind = target.state.runtime else { throw Self.notRunning(target) }
    let runtime = try await RuntimeAccess(context: context, state: target.state).runtime(kind)
    guard try await runtime.observe([target.name])[target.name]?.isRunning == true else {
      throw Self.notRunning(target)
    }
    guard let host = runtime as? any ClientHost else {
      throw DrydockError(.internalFault, "the \(kind.rawValue) runtime has no clients")
    }
    let launch = Launch.existing(target.name, record, server, target.state)
    self.server = Server(launch: launch, runtime: runtime, host: host)
    await host.endAbandonedClients(of: launch)
  }

  /// Runs one of the engine's clients beside the server.
  package func run(_ recipe: ClientRecipe, input: ByteSource?, output: @escaping ByteSink) async throws
    -> ClientEnding
  {
    guard let server else { throw DrydockError(.internalFault, "\(target.name) has no server") }
    let client = try await server.host.prepare(recipe, for: server.launch)
    let ending = try await server.host.run(client, input: input, output: output)
    guard ending.exitCode == 127 || ending.exitCode == 126 else { return ending }
    throw DrydockError(
      .unavailable, "resource \(target.name): its client cannot be run", details: ending.lines)
  }

  /// Convox's own words.
  package static func refusal(_ target: ResourceTarget, _ verb: String) -> DrydockError {
    DrydockError(.failed, "\(verb) not available for resources of type: \(target.type)")
  }

  private static func notRunning(_ target: ResourceTarget) -> DrydockError {
    DrydockError(
      .failed, "resource \(target.name) is not running",
      suggestion: target.isCreated
        ? "start it: drydock resources start \(target.name)" : "start it: drydock up \(target.name)")
  }

  /// What to do where there is no room for the resource's data.
  package func spaceRemedy() async -> String {
    guard let server else { return WriteRemedy.elsewhere }
    return await server.runtime.spaceRemedy(of: target.name, holdsData: true)
  }

  /// The server's last lines; none where they cannot be read.
  package func log(lines: Int) async -> [String] {
    (try? await server?.runtime.log(target.name, lines: lines)) ?? []
  }

  /// Where the engine's clients run.
  package var place: ClientPlace {
    server.map { $0.host.clientPlace(of: $0.launch) }
      ?? ClientPlace(port: 0, password: "", folder: "")
  }
}
