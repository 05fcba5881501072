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
  /// The names of the variables that it may set.
  var variableNames: [String] {
    if let variable { return [variable] }
    let prefix = Resource.environmentPrefix(of: resource)
    return ["URL", "USER", "PASS", "HOST", "PORT", "NAME"].map { "\(prefix)_\($0)" }
  }

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
