import DrydockBase

/// Where the resources of an instance run.
package enum RuntimeKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// Containers of a Docker engine.
  case docker
  /// Processes of engines installed on this machine.
  case native
}

/// What drydock remembers of one app instance. It is a note of what was decided (ports, passwords, versions);
/// what runs is always read from reality.
package struct InstanceState: Sendable, Hashable, StateContent {
  /// The newest format that this version of drydock writes: that of containers whose names are recorded. A drydock that
  /// looked for them by the id alone would start second ones beside them.
  package static let currentFormat = 2
  package static let countsFrom1970 = false

  /// The format of the file: the oldest that tells all that is in it.
  package var format = 1
  /// A random id, kept in the app's folder too.
  package var id: String
  /// The name that is unique on this machine.
  package var handle: String
  /// The app's name, which services see as `APP`.
  package var app: String
  /// The app folder's real path.
  package var path: String
  /// What tells that folder from another at the same path; nil in states of a drydock that kept none.
  package var folder: FolderIdentity?
  /// The secret beside the id in the folder, without which an id elsewhere than at the path counts for nothing; nil in
  /// states of a drydock that had none.
  package var token: String?
  /// The manifest's path when it is not the folder's convox.yml.
  package var manifest: String?
  /// Where its data lives; nil before the first `up`.
  package var runtime: RuntimeKind?
  /// The password of all its resources, as AWS has one an app.
  package var resourcePassword: String
  /// Whether PostgreSQL refuses connections without TLS, as RDS does with `rds.force_ssl`; nil for no.
  package var forcesTLS: Bool?
  /// The app env.
  package var appEnvironment: [String: String]
  /// App envs kept for racks elsewhere, by the rack's name.
  package var rackEnvironments: [String: [String: String]]?
  /// The rack whose app env the last `up` took; nil for the local one.
  package var lastRack: String?
  /// The app parameters that were set, but for the password.
  package var parameters: [String: String]?
  /// What tells the manifest's findings that an `up` told from others; nil in states of a drydock that kept none.
  package var toldFindings: String?
  /// Whether the password was set as an app parameter, not made by drydock.
  package var isPasswordChosen: Bool?
  /// What was decided for each resource.
  package var resources: [String: ResourceRecord]
  /// The names of the last manifest's resources, in its order; nil in states of a drydock that kept none.
  package var order: [String]?
  /// What was asked for, where the instance is a resource created on its own; nil for an app.
  package var created: CreatedResource?

  /// The state of a new instance.
  package init(id: String, handle: String, app: String, path: String, resourcePassword: String) {
    self.id = id
    self.handle = handle
    self.app = app
    self.path = path
    self.resourcePassword = resourcePassword
    self.appEnvironment = [:]
    self.resources = [:]
  }

  /// What in it drydock never wrote; nil for nothing. Passwords go into files of lines that clients and servers read.
  package var damage: String? {
    let passwords =
      [resourcePassword] + resources.values.flatMap { [$0.administratorPassword, $0.replicaPassword ?? ""] }
    let isWhole = passwords.allSatisfy { $0.unicodeScalars.allSatisfy { !["\n", "\r", "\0"].contains($0) } }
    return isWhole ? nil : "a password in it has the end of a line or a NUL"
  }

  /// The names of all resources: in the manifest's order, then by name what it does not name.
  package var resourceNames: [String] {
    let named = (order ?? []).filter { resources[$0] != nil }
    let known = Set(named)
    return named + resources.keys.filter { !known.contains($0) }.sorted()
  }

  /// The name of a resource's container, with the app's for whoever lists containers; nil for one that is named by the
  /// instance's id alone, as it was once.
  package func containerName(of resource: String) -> String? {
    if let record = resources[resource] { return record.container }
    return "drydock-\(Slug.make(handle, limit: 24))-\(id)-\(Slug.make(storage(of: resource)))"
  }

  /// The name under which a resource's data lies: the one that it had when the data was made. A new resource gets one
  /// that is not another's by now.
  package func storage(of resource: String) -> String {
    if let record = resources[resource] { return record.storageName ?? resource }
    let taken = Set(resources.map { Slug.make($0.value.storageName ?? $0.key) })
    var (name, number) = (resource, 1)
    while taken.contains(Slug.make(name)) {
      number += 1
      name = "\(resource)-\(number)"
    }
    return name
  }

  /// What a source knows a replica by: `[a-z0-9_]`, at most 32 characters.
  package func replicaName(of resource: String) -> String {
    "drydock_" + Slug.make(resource, limit: 24).replacing("-", with: "_")
  }

  /// A text unique to the resource, at most 60 characters of `[a-z0-9-]`: what servers report to prove whose they are.
  package func marker(of resource: String) -> String {
    "drydock-\(id)-\(Slug.make(resource, limit: 60 - 9 - id.count))"
  }
}

/// What was decided for one resource.
package struct ResourceRecord: Sendable, Hashable, Codable {
  /// The resource's type.
  package var type: String
  /// The port on 127.0.0.1; nil for one without a server.
  package var port: Int?
  /// What its container is called; nil for the name that a drydock gave it which recorded none.
  package var container: String?
  /// The administrator's password.
  package var administratorPassword: String
  /// The version that the manifest asked for last.
  package var wantedVersion: String
  /// The version that runs, or ran last.
  package var version: String?
  /// Whether another engine stands in for the wanted one (MariaDB for MySQL).
  package var standIn: String?
  /// The version that made the data; nil while there is none that served a client.
  package var dataVersion: String?
  /// The options at the last `up`.
  package var options: [String: String]
  /// What was accepted of them although AWS would not do it: the values that AWS has, by option; nil for nothing.
  package var acceptedOptions: [String: String]?
  /// The name under which its data lies; nil for its own. Another one after it was renamed.
  package var storageName: String?
  /// Whether the last manifest no longer names it.
  package var isRemoved: Bool
  /// Whether it was taken down, for one without a server, of which nothing tells; nil for no.
  package var isDown: Bool?
  /// How its connections are protected; nil for a server without TLS, and for one that is not healthy yet.
  package var transport: TransportRecord?
  /// The resource of which it is a read replica; nil for an independent one.
  package var source: String?
  /// The password of the account by which it reads from its source.
  package var replicaPassword: String?
  /// The source's port that it was started with.
  package var sourcePort: Int?
  /// By how many seconds it delays what it applies.
  package var delaySeconds: Int?
  /// Whether applying is paused.
  package var isPaused: Bool?
  /// The generation of what its data keeps from the app's account; nil for data of a drydock that kept nothing.
  package var confinement: Int?
  /// The app env's URL that stands in for it, where there is one.
  package var externalURL: String?
  /// Whether a running server was to be started again, as what is recorded here is not what it was started with; nil
  /// once it is proved.
  package var isRestarting: Bool?

  /// A record of a resource that never ran.
  package init(type: String, administratorPassword: String, wantedVersion: String, options: [String: String])
  {
    self.type = type
    self.administratorPassword = administratorPassword
    self.wantedVersion = wantedVersion
    self.options = options
    self.isRemoved = false
  }
}
