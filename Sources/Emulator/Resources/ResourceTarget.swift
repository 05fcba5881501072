public import ConvoxEnvironment
public import Engines

/// A resource that was looked up: who owns it, and how it is reached. What the operations on one resource start from.
public struct ResourceTarget: Sendable {
  /// The instance that owns it; its id is empty for an app that never had an `up`.
  public var state: InstanceState
  /// Its name within that instance: the key of its record.
  public var name: String
  /// Its type.
  public var type: String
  /// The engine of its type; nil for a type without one (syslog).
  public var engine: (any Engine)?
  /// Its options, defaults included; for syslog `Url`.
  public var options: [String: String]
  /// Where it is reached from this machine; nil for one that never started, and for a type without an address.
  public var endpoint: ResourceEndpoint?
  /// The handles of the apps that it is linked to, sorted; empty for a resource of a convox.yml.
  public var apps: [String]

  /// What was decided for it; nil for one that never had an `up`.
  public var record: ResourceRecord? { state.resources[name] }
  /// Whether it was created on its own.
  public var isCreated: Bool { state.created != nil }
  /// Whether it is a server elsewhere, by a URL in the app env.
  public var isExternal: Bool { endpoint?.externalURL != nil }

  /// Its URL, the password in clear; nil for one without.
  public var url: String? {
    let url = endpoint?.url ?? (engine == nil ? options["Url"] : nil)
    return url.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Its URL.
  /// - Throws: `EmulatorError` with Convox's own words where there is none.
  public func requiredURL() throws -> String {
    if let url { return url }
    throw EmulatorError(.failed, "no url for resource: \(name)", suggestion: whyWithoutURL)
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
  func shown(_ status: String) -> RackResource {
    var shown = RackResource(name: name, type: type, status: status)
    shown.url = url
    shown.parameters = options
    shown.apps = apps
    return shown
  }
}
