/// A service of the manifest.
package struct Service: Sendable, Hashable {
  /// The key under `services:`.
  package var name: String
  /// Its own list with the app-wide one in front.
  package var environment: [EnvironmentDeclaration]
  /// The links to resources; those that match nothing are left out (a warning says so).
  package var resources: [ResourceLink]
  /// The `volumes:` items as written.
  package var volumes: [String]
  /// Names of services under `links:`.
  package var links: [String]
  /// `image:`.
  package var image: String?
  /// `command:`, words joined by a space where it is a list.
  package var command: String?
  /// The words of `command:` where it is a list, which no shell sees.
  package var argv: [String]?
  /// `port:`; nil for a service that no balancer reaches.
  package var port: ServicePort?
  /// v3's `ports:`, which no balancer reaches.
  package var ports: [TransportPort] = []
  /// The ports that a network balancer has for it, by `nlb:`.
  package var listeners: [NetworkListener] = []
  /// `build:`: the folder, where one is given.
  package var build: String?
  /// `scale:` as written where it is a number or range.
  package var scale: String?
  /// How its image is built; nil where it is taken as it is.
  package var built: ServiceBuild?
  /// What it scales to.
  package var scaling = ServiceScaling()
  /// How it is asked for its health.
  package var health = ServiceHealth()
  /// How its processes are run.
  package var process = ServiceProcess()
  /// How requests reach it.
  package var routing = ServiceRouting()
  /// `test:`, the command of `convox test`.
  package var test: String?
  /// The keys that are written, known to v2 or v3, and without any effect here: `policies`, `whitelist`.
  package var onlyOnAWS: [String] = []
  /// Where the name stands.
  package var location: SourceLocation

  /// A service of these parts.
  package init(
    name: String, environment: [EnvironmentDeclaration] = [], resources: [ResourceLink] = [],
    volumes: [String] = [],
    links: [String] = [], image: String? = nil, command: String? = nil, argv: [String]? = nil,
    port: ServicePort? = nil,
    build: String? = nil,
    scale: String? = nil, location: SourceLocation
  ) {
    self.name = name
    self.environment = environment
    self.resources = resources
    self.volumes = volumes
    self.links = links
    self.image = image
    self.command = command
    self.argv = argv
    self.port = port
    self.build = build
    self.scale = scale
    self.location = location
  }
}

extension Service {
  /// The ports that it listens at besides that of `port:`, by TCP: those of `ports:`, of its `agent` and of `nlb:`.
  package var furtherPorts: [Int] {
    let plain = (ports + (process.agent?.ports ?? [])).filter { $0.transport == .tcp }.map(\.number)
    var numbers: [Int] = []
    for number in plain + listeners.map(\.containerPort) where number != port?.number {
      if !numbers.contains(number) { numbers.append(number) }
    }
    return numbers
  }
}

/// A service's link to a resource.
package struct ResourceLink: Sendable, Hashable {
  /// The names of the variables that it may set.
  var variableNames: [String] {
    if let variable { return [variable] }
    let prefix = Resource.environmentPrefix(of: resource)
    return ["URL", "USER", "PASS", "HOST", "PORT", "NAME"].map { "\(prefix)_\($0)" }
  }

  /// The resource's name.
  package var resource: String
  /// v3's `name:ENVNAME`: the one variable to set instead of the usual six.
  package var variable: String?

  /// A link to a resource.
  package init(resource: String, variable: String? = nil) {
    self.resource = resource
    self.variable = variable
  }
}
