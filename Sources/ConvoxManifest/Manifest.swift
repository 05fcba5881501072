/// A convox.yml as understood: interpolated, parsed, checked for what Convox's own parser rejects.
/// Everything is in the order of the file.
public struct Manifest: Sendable, Hashable {
  /// The file it was read from, as the user named it.
  public var file: String
  /// The app-wide `environment:` list.
  public var environment: [EnvironmentDeclaration]
  /// The resources.
  public var resources: [Resource]
  /// The services.
  public var services: [Service]
  /// The timers.
  public var timers: [Timer]
  /// What is worth saying although the manifest can be used.
  public var warnings: [Diagnostic]

  /// A manifest of these parts.
  public init(
    file: String, environment: [EnvironmentDeclaration] = [], resources: [Resource] = [],
    services: [Service] = [],
    timers: [Timer] = [], warnings: [Diagnostic] = []
  ) {
    self.file = file
    self.environment = environment
    self.resources = resources
    self.services = services
    self.timers = timers
    self.warnings = warnings
  }

  /// The resource of that name.
  public func resource(named name: String) -> Resource? { resources.first { $0.name == name } }
  /// The service of that name.
  public func service(named name: String) -> Service? { services.first { $0.name == name } }
}

/// One item of an `environment:` list.
public enum EnvironmentDeclaration: Sendable, Hashable {
  /// `KEY`: a value has to come from the app env.
  case required(String)
  /// `KEY=value`: a default; the value may be empty.
  case defaulted(String, String)
  /// `*`: every key of the app env.
  case everything
}

/// A resource of the manifest.
public struct Resource: Sendable, Hashable {
  /// The key under `resources:`.
  public var name: String
  /// The type's own name in the catalog.
  public var type: String
  /// The type as it is written, which may be a v3 name.
  public var declaredType: String
  /// v3's `image:`, which beats the version.
  public var image: String?
  /// The options that are set, in the order of the file.
  public var options: [ResourceOption]
  /// Where the name stands.
  public var location: SourceLocation

  /// A resource of these parts.
  public init(
    name: String, type: String, declaredType: String? = nil, image: String? = nil,
    options: [ResourceOption] = [],
    location: SourceLocation
  ) {
    self.name = name
    self.type = type
    self.declaredType = declaredType ?? type
    self.image = image
    self.options = options
    self.location = location
  }

  /// The prefix of its variables: upper-cased, `-` as `_`.
  public var environmentPrefix: String { Resource.environmentPrefix(of: name) }

  /// The prefix of the variables of a resource of that name.
  public static func environmentPrefix(of name: String) -> String {
    name.uppercased().replacing("-", with: "_")
  }

  /// The value of an option, if it is set.
  public func option(_ name: String) -> String? { options.last { $0.name == name }?.value }
}

/// An option that is set on a resource.
public struct ResourceOption: Sendable, Hashable {
  /// The key.
  public var name: String
  /// The value as YAML 1.1 resolves it: unquoted `8.0` is `8`.
  public var value: String
  /// Where the value stands.
  public var location: SourceLocation

  /// An option with its value and place.
  public init(name: String, value: String, location: SourceLocation) {
    self.name = name
    self.value = value
    self.location = location
  }
}

/// A service of the manifest, as far as resources and variables are concerned.
public struct Service: Sendable, Hashable {
  /// The key under `services:`.
  public var name: String
  /// Its own list with the app-wide one in front.
  public var environment: [EnvironmentDeclaration]
  /// The links to resources; those that match nothing are left out (a warning says so).
  public var resources: [ResourceLink]
  /// The `volumes:` items as written.
  public var volumes: [String]
  /// Names of services under `links:`.
  public var links: [String]
  /// `image:`.
  public var image: String?
  /// `command:`, words joined by a space where it is a list.
  public var command: String?
  /// `port:` as written (`3000`, `https:3000`).
  public var port: String?
  /// `build:`: the folder, where one is given.
  public var build: String?
  /// `scale:` as written where it is a number or range.
  public var scale: String?
  /// Where the name stands.
  public var location: SourceLocation

  /// A service of these parts.
  public init(
    name: String, environment: [EnvironmentDeclaration] = [], resources: [ResourceLink] = [],
    volumes: [String] = [],
    links: [String] = [], image: String? = nil, command: String? = nil, port: String? = nil,
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
    self.port = port
    self.build = build
    self.scale = scale
    self.location = location
  }
}

/// A service's link to a resource.
public struct ResourceLink: Sendable, Hashable {
  /// The resource's name.
  public var resource: String
  /// v3's `name:ENVNAME`: the one variable to set instead of the usual six.
  public var variable: String?

  /// A link to a resource.
  public init(resource: String, variable: String? = nil) {
    self.resource = resource
    self.variable = variable
  }
}

/// A timer: a command of a service, run on a schedule.
public struct Timer: Sendable, Hashable {
  /// The key under `timers:`.
  public var name: String
  /// The service whose image and environment it uses.
  public var service: String?
  /// `schedule:` as written.
  public var schedule: String?
  /// `command:`.
  public var command: String?

  /// A timer of these parts.
  public init(name: String, service: String? = nil, schedule: String? = nil, command: String? = nil) {
    self.name = name
    self.service = service
    self.schedule = schedule
    self.command = command
  }
}
