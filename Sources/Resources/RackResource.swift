/// A resource as the resource commands and the Rack API show it: one of an app's convox.yml, or one created on its own.
///
/// The names of its keys are those of the Rack API's JSON.
package struct RackResource: Sendable, Hashable, Codable {
  package var name: String
  /// Its type: `postgres`, `syslog`.
  package var type: String
  /// `running`, `creating`, `updating`, `deleting`, `stopped`, `failed`, or what `ps` calls it; `unknown` while the
  /// Docker engine in which it lives does not answer.
  package var status: String
  /// Where it is reached from this machine, password included; nil for one without an address.
  package var url: String?
  /// Its options, defaults included; for syslog `Url`.
  package var parameters: [String: String]
  /// The handles of the apps that it is linked to, sorted; empty for a resource of a convox.yml.
  package var apps: [String]

  /// A resource with nothing but a name, a type and a status.
  package init(name: String, type: String, status: String) {
    self.name = name
    self.type = type
    self.status = status
    self.parameters = [:]
    self.apps = []
  }
}
