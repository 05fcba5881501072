package import AppState
package import ConvoxEnvironment
import DrydockBase
package import Engines

/// A resource that was looked up: who owns it, and how it is reached. What the operations on one resource start from.
package struct ResourceTarget: Sendable {
  /// The instance that owns it; its id is empty for an app that never had an `up`.
  package var state: InstanceState
  /// Its name within that instance: the key of its record.
  package var name: String
  package var type: String
  /// The engine of its type; nil for a type without one (syslog).
  package var engine: (any Engine)?
  /// Its options, defaults included; for syslog `Url`.
  package var options: [String: String]
  /// Where it is reached from this machine; nil for one that never started, and for a type without an address.
  package var endpoint: ResourceEndpoint?
  /// The handles of the apps that it is linked to, sorted; empty for a resource of a convox.yml.
  package var apps: [String]

  /// What was decided for it; nil for one that never had an `up`.
  package var record: ResourceRecord? { state.resources[name] }
  /// Whether it was created on its own.
  package var isCreated: Bool { state.created != nil }
  /// Whether it is a server elsewhere, by a URL in the app env.
  package var isExternal: Bool { endpoint?.externalURL != nil }

  /// Its URL, the password in clear; nil for one without.
  package var url: String? {
    let url = endpoint?.url ?? (engine == nil ? options["Url"] : nil)
    return url.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Its URL.
  /// - Throws: `DrydockError` with Convox's own words where there is none.
  package func requiredURL() throws -> String {
    if let url { return url }
    throw DrydockError(.failed, "no url for resource: \(name)", suggestion: whyWithoutURL)
  }

  private var whyWithoutURL: String {
    if let engine, engine.server == nil {
      return "\(name) is a directory; drydock ps says where, drydock run mounts it"
    }
    return isCreated
      ? "it never started; start it: drydock resources start \(name)"
      : "it never started; start it: drydock up \(name)"
  }

  /// As the listings and the Rack API show it, in that status.
  package func shown(_ status: String) -> RackResource {
    var shown = RackResource(name: name, type: type, status: status)
    shown.url = url
    shown.parameters = options
    shown.apps = apps
    return shown
  }
}
