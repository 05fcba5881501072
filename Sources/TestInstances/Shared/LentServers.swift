import AppState
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import Emulator
import Engines
import MonotonicTime
import NativeProcess
import Planning
import Resources
import Servers
import Services

/// The SQL servers of an app's running instance, which lend test runs databases of their own: the user's are not touched.
struct LentServers: Sendable {
  private let context: DrydockContext
  private let state: InstanceState
  private let servers: [SQLServer]
  /// Read replicas of them, and whose they are.
  private let followers: [ResourceEndpoint: String]

  /// What was selected and cannot be lent: other servers, directories, what stands in for a resource.
  let others: Set<String>
  /// Where they run.
  var runtime: RuntimeKind? { state.runtime }
  /// The resources that are lent.
  var names: [String] { servers.map(\.resource) }

  /// Looks at the app's instance, and removes what earlier runs left there.
  /// - Throws: `DrydockError` where a server that is to be lent does not run.
  init(_ request: TestRequest, _ context: DrydockContext, until deadline: Deadline) async throws {
    guard let state = try context.directory.candidate(for: request.workspace.folder, app: request.app) else {
      throw Self.idle([])
    }
    let environment = state.appEnvironment(rack: request.rack).merging(request.extraEnvironment) { $1 }
    let app = try AppVariables(context, request.workspace, state, environment: environment)
    let chosen = app.specs.filter { request.selected?.contains($0.name) ?? true }
    let sources = Set(chosen.filter(\.isSQLServer).map(\.name))
    let following = chosen.filter { $0.externalURL == nil && $0.source.map(sources.contains) == true }
    let wanted = (sources.sorted() + following.map(\.name))
    let idle = try await StatusOperation(context: context).idle(wanted, of: app.state)
    guard idle.isEmpty else { throw Self.idle(idle) }
    self.context = context
    self.state = app.state
    servers = try await SQLServer.all(context, app, only: sources)
    followers = Dictionary(
      following.compactMap { spec in
        app.state.endpoint(of: spec.name, engine: spec.engine).map { ($0, spec.source ?? "") }
      }
    ) { first, _ in first }
    others = Set(chosen.map(\.name)).subtracting(wanted)
    // What cannot be dropped now is tried again by the next run.
    try? await LeftDatabases(context, state).clear(until: deadline)
    try Task.checkCancellation()
  }

  private static func idle(_ names: [String]) -> DrydockError {
    DrydockError(
      .failed,
      names.isEmpty
        ? "--shared takes the engines that run, and this app was never started here"
        : "--shared takes the engines that run, and these do not: \(names.joined(separator: ", "))",
      suggestion: "start them: drydock up; or leave --shared out")
  }

  /// What a run is given while it lasts.
  struct Loan: Sendable {
    /// How the app reaches its new and empty databases.
    var endpoints: [ResourceEndpoint]
    /// What gives further ones to each test.
    var databases: CleanDatabases
  }

  /// Makes an empty database on each server, and drops all that the run has there once `body` ends, however it does.
  /// - Parameter notice: Told what could not be dropped: it is when the next run begins.
  func lending<Value: Sendable>(
    notice: (String) -> Void, _ body: (Loan) async throws -> Value
  ) async throws -> Value {
    let run = try await SharedRun.begin(context.home, state.id, until: .after(.seconds(30)))
    let (database, servers) = (run.database, servers)
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(try await lend(database)))
    } catch {
      result = .failure(error)
    }
    do {
      try await shieldedFromCancellation {
        try await SharedRun.clear(database, servers, until: .after(.seconds(30)))
      }
      try run.end()
    } catch {
      notice("\(database) could not be dropped, the next run does it: \(DrydockError(error).message)")
    }
    return try result.get()
  }

  private func lend(_ name: String) async throws -> Loan {
    var lent = servers
    for index in lent.indices {
      try await lent[index].copies.create(name, until: .after(.seconds(60)))
      lent[index].endpoint.database = name
    }
    let names = Set(lent.map(\.resource))
    let following = followers.filter { names.contains($0.value) }.keys.map { endpoint in
      var endpoint = endpoint
      endpoint.database = name
      return endpoint
    }
    return Loan(
      endpoints: lent.map(\.endpoint) + following,
      databases: CleanDatabases(
        lent,
        names: PoolNames(template: "\(name)_template_", copy: "\(name)_copy_", longestHash: 20)))
  }
}
