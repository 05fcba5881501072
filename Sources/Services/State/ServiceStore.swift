import AppState
package import ConvoxManifest
package import MonotonicTime

/// What was decided for the services of an instance. What runs is no part of it.
package struct ServiceRecords: Sendable, Hashable, StateContent {
  /// The newest format that this drydock writes.
  package static let currentFormat = 1

  /// The format of the file.
  var format = 1
  /// By service.
  package var services: [String: ServiceRecord] = [:]
  /// The release that `convox start` has put in force, until a deploy puts another one in its place.
  package var development: DevelopmentRecord?

  /// Nothing decided yet.
  package init() {}
}

/// What `convox start` has changed of a deployed app.
package struct DevelopmentRecord: Sendable, Hashable, Codable {
  /// The release that the last run of it has put in force.
  package var release: String
  /// The release with which the app goes on afterwards: what was deployed, empty for no app env at all; nil where the app
  /// keeps the tool's release, since nothing was deployed.
  package var deployed: String?
  /// Services that ran before, and that the tool's manifest does not have.
  package var ended: Set<String> = []

  /// What a run of the tool has put in force.
  package init(release: String, deployed: String?) {
    self.release = release
    self.deployed = deployed
  }
}

extension ServiceRecords {
  /// Where services are reached from this machine, by their names.
  /// - Parameter speaksTLS: Whether http services are reached by https where they have a port for it.
  package func urls(_ manifest: Manifest, speaksTLS: Bool = false) -> [String: String] {
    var urls: [String: String] = [:]
    for (name, record) in services {
      if speaksTLS, let port = record.securePort {
        urls[name] = "https://127.0.0.1:\(port)"
      } else if let port = record.port {
        // TLS that the service speaks itself goes through.
        let scheme = manifest.service(named: name)?.port?.scheme == .https ? "https" : "http"
        urls[name] = "\(scheme)://127.0.0.1:\(port)"
      }
    }
    return urls
  }
}

/// What was decided for a service.
package struct ServiceRecord: Sendable, Hashable, Codable {
  /// The router's port on 127.0.0.1; nil for a service without one.
  package var port: Int?
  /// The router's port for https; nil where nobody asked for one.
  package var securePort: Int?
  /// The routers' ports for what it listens at besides `port:`, by the service's own number; nil for none.
  package var ports: [Int: Int]?
  /// How many replicas it has by `drydock scale`, or had at its first start: from then on the manifest's number counts no
  /// more, as on AWS.
  package var count: Int?
  /// Whether `convox start` brought it up, with whose end it is stopped; nil for no.
  package var isDevelopment: Bool?

  /// Nothing decided yet.
  package init() {}
}

extension ServiceRecord {
  /// Where a service's further ports are reached, in the manifest's order; nil for none.
  package func publishedPorts(of service: Service) -> [PublishedPort]? {
    let published = service.furtherPorts.compactMap { port in
      ports?[port].map { PublishedPort(port: port, address: "127.0.0.1:\($0)") }
    }
    return published.isEmpty ? nil : published
  }
}

extension ServiceRecords {
  /// The services that `convox start` brought up.
  package var developed: Set<String> { Set(services.filter { $0.value.isDevelopment == true }.keys) }

  /// Whether the end of `convox start` has something to stop or to put back.
  package var isDeveloping: Bool { !developed.isEmpty || development?.deployed != nil }

  /// Forgets of all services what `convox start` did to them: they are started anew.
  package mutating func forgetDevelopment() {
    undevelop(developed)
    development?.ended = []
  }

  /// Notes services that `convox start` brought up.
  package mutating func develop(_ names: Set<String>) {
    for name in names { services[name, default: ServiceRecord()].isDevelopment = true }
  }

  /// Forgets of services that `convox start` brought them up.
  package mutating func undevelop(_ names: Set<String>) {
    for name in names { services[name]?.isDevelopment = nil }
  }
}

/// Reads and changes what was decided for services: `services.json`, under a lock of its own that is held for moments, as a
/// supervisor lives for hours beside commands that change the instance's state.
package struct ServiceStore: Sendable {
  private let folder: ServiceFolder

  /// The store in a folder.
  package init(_ folder: ServiceFolder) { self.folder = folder }

  private var file: StateFile<ServiceRecords> {
    StateFile(
      folder.store, remedy: "move it away: services then get new ports, and convox.yml's numbers of replicas")
  }

  /// What was decided; nothing where there is no file.
  /// - Throws: `DrydockError.dataMismatch` for a file that cannot be understood, which is left as it is.
  package func load() throws -> ServiceRecords { try file.load() ?? ServiceRecords() }

  /// Changes it.
  /// - Returns: What `change` returns.
  package func update<Value>(
    until deadline: Deadline = .after(.seconds(30)), _ change: (inout ServiceRecords) throws -> Value
  ) async throws -> Value {
    try folder.prepare()
    let lock = try await InstanceLock.acquire(folder.path, until: deadline)
    defer { _ = lock }
    var records = try load()
    let before = records
    let value = try change(&records)
    guard records != before else { return value }
    try await offThePool { [file, records] in try file.save(records) }
    return value
  }
}
