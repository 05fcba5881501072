import AppState
package import ConvoxEnvironment
package import Engines
package import Planning
import TransportSecurity

/// From where a resource's address is seen.
package enum Viewpoint: String, Sendable, Hashable, CaseIterable {
  /// From this machine: 127.0.0.1 and the published port.
  case host
  /// From the instance's Docker network: the resource's name and the engine's own port.
  case container
}

extension InstanceState {
  /// Where a resource is and with what it is used; nil when it never had a port and no URL stands in for it.
  package func endpoint(of resource: String, engine: any Engine, from viewpoint: Viewpoint = .host)
    -> ResourceEndpoint?
  {
    guard let record = resources[resource] else { return nil }
    guard let server = engine.server, let port = record.port, record.externalURL == nil else {
      return record.externalURL.map {
        ResourceEndpoint(resource: resource, shape: engine.variableShape, host: "", port: 0, externalURL: $0)
      }
    }
    let hasAccounts = server.accounts != nil
    let policy = server.transport(options: record.options, forcesTLS: false)
    let isEncrypted = !hasAccounts && policy == .required
    return ResourceEndpoint(
      resource: resource, shape: engine.variableShape,
      host: viewpoint == .host ? "127.0.0.1" : resource,
      port: viewpoint == .host ? port : server.standardPort,
      user: hasAccounts ? EngineAccounts.app : "",
      password: hasAccounts || isEncrypted ? resourcePassword : "",
      database: hasAccounts ? EngineAccounts.app : "",
      encrypted: isEncrypted)
  }

  /// The endpoints of these resources that have one.
  package func endpoints(_ specs: [ResourceSpec], from viewpoint: Viewpoint = .host) -> [ResourceEndpoint] {
    specs.compactMap { endpoint(of: $0.name, engine: $0.engine, from: viewpoint) }
  }
}
