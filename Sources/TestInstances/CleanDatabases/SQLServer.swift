import AppState
import ConvoxEnvironment
import DrydockBase
import Engines
import MonotonicTime
import Planning
import Resources
import Servers
import Services
import TransportSecurity

/// A SQL server that is up, with what its administrator does to its databases.
struct SQLServer: Sendable {
  let copies: any DatabaseCopies
  /// How the app reaches it.
  var endpoint: ResourceEndpoint
  /// Whether it takes no client without TLS.
  let needsTLS: Bool

  /// The resource.
  var resource: String { endpoint.resource }

  /// Those of an instance that drydock runs itself, read replicas apart.
  /// - Parameter selected: The resources to look at; nil for all.
  static func all(
    _ context: DrydockContext, _ app: AppVariables, only selected: Set<String>? = nil
  ) async throws -> [SQLServer] {
    let access = RuntimeAccess(context: context, state: app.state)
    var servers: [SQLServer] = []
    for spec in app.specs where spec.isSQLServer && selected?.contains(spec.name) ?? true {
      guard let engine = spec.engine.server, let record = app.state.resources[spec.name],
        let endpoint = app.state.endpoint(of: spec.name, engine: engine), let kind = app.state.runtime
      else { continue }
      let launch = Launch.existing(spec.name, record, engine, app.state)
      let administrator = try await access.runtime(kind).target(launch, administrator: true)
      guard let copies = engine.copies(administrator) else { continue }
      let transport = engine.transport(options: record.options, forcesTLS: app.state.forcesTLS == true)
      servers.append(SQLServer(copies: copies, endpoint: endpoint, needsTLS: transport == .required))
    }
    return servers
  }
}

extension ResourceSpec {
  /// Whether it is a server of drydock's own that has accounts and databases, and takes them from no other.
  var isSQLServer: Bool { externalURL == nil && source == nil && engine.server?.accounts != nil }
}
