import AppState
import Engines
import Servers

/// What the steps ask of what is recorded.
extension Reconciler {
  /// The record of a resource.
  func record(of resource: String) -> ResourceRecord? { state.resources[resource] }

  /// Whether the resource's data once served a client.
  func hasVerifiedData(_ resource: String) -> Bool { state.resources[resource]?.dataVersion != nil }

  /// How a replica reaches its source; nil for a resource that is none.
  func link(of resource: String, to origin: Launch?, runtime: any Runtime) -> ReplicaLink? {
    guard let record = state.resources[resource], let name = record.source,
      let source = state.resources[name],
      let engine = catalog.server(record.type)
    else { return nil }
    let launch = origin ?? Launch.existing(name, source, engine, state)
    let address = runtime.peerAddress(of: launch)
    return ReplicaLink(
      host: address.host, port: address.port, name: state.replicaName(of: resource),
      administratorPassword: source.administratorPassword, password: record.replicaPassword ?? "")
  }
}
