/// A manifest as it is printed as JSON: everything resolved, in the order of the file.
package struct ManifestDocument: Codable, Sendable, Hashable {
  package struct ResourceEntry: Codable, Sendable, Hashable {
    package var name: String
    /// The type's own name, v2's.
    package var type: String
    /// The prefix of its variables.
    package var envName: String
    /// The options that are set, as AWS gets them.
    package var options: [String: String]
  }

  /// A service. What is not given is null.
  package struct ServiceEntry: Codable, Sendable, Hashable {
    package var name: String
    /// The declared variables with the app env over the defaults; null for a required one without a value.
    package var environment: [String: String?]
    /// Its links, `NAME` or v3's `NAME:VARIABLE`.
    package var resources: [String]
    /// Its volumes as written.
    package var volumes: [String]
    /// `image:`.
    package var image: String?
    /// `command:`, the words of a list joined by a space.
    package var command: String?
    /// The words of `command:` where it is a list; null for a text, which a shell reads.
    package var argv: [String]?
    /// `port:`.
    package var port: String?
    /// The folder that its image is built from; null for an image from elsewhere.
    package var build: String?
    /// The Dockerfile in that folder.
    package var buildManifest: String?
    /// The build's arguments.
    package var buildArgs: [String]?
    /// `scale:`.
    package var scale: String?
    /// What `scale:` means, Convox's defaults included.
    package var scaling: ServiceScaling?
    /// How it is asked for its health, Convox's defaults included.
    package var health: ServiceHealth?
  }

  /// A timer. What is not given is null.
  package struct TimerEntry: Codable, Sendable, Hashable {
    package var name: String
    /// The service that it runs in.
    package var service: String?
    package var schedule: String?
    package var command: String?
  }

  /// A warning with its place.
  package struct Warning: Codable, Sendable, Hashable {
    /// The file as the user named it.
    package var file: String
    /// The line, from 1.
    package var line: Int
    /// The column, from 1.
    package var column: Int
    /// What it is.
    package var message: String
  }

  package var resources: [ResourceEntry]
  package var services: [ServiceEntry]
  /// The app-wide list as written: `KEY`, `KEY=value`, `*`.
  package var environment: [String]
  package var timers: [TimerEntry]
  /// What loading warned of.
  package var warnings: [Warning]

  /// A manifest with the app env applied to it.
  package init(_ manifest: Manifest, appEnvironment: [String: String]) {
    resources = manifest.resources.map(ResourceEntry.init)
    services = manifest.services.map { ServiceEntry($0, appEnvironment) }
    environment = manifest.environment.map(\.text)
    timers = manifest.timers.map {
      TimerEntry(name: $0.name, service: $0.service, schedule: $0.schedule, command: $0.command)
    }
    warnings = (manifest.warnings + manifest.deployErrors).map(Warning.init)
  }
}

extension ManifestDocument.ResourceEntry {
  fileprivate init(_ resource: Resource) {
    let options = Dictionary(resource.options.map { ($0.name, $0.value) }) { $1 }
    self.init(
      name: resource.name, type: resource.type, envName: resource.environmentPrefix, options: options)
  }
}

extension ManifestDocument.ServiceEntry {
  fileprivate init(_ service: Service, _ appEnvironment: [String: String]) {
    let (values, missing) = service.environmentValues(appEnvironment)
    var environment = values.mapValues(String?.some)
    for key in missing { environment[key] = .some(nil) }
    self.init(
      name: service.name, environment: environment, resources: service.resources.map(\.text),
      volumes: service.volumes, image: service.image, command: service.command, argv: service.argv,
      port: service.port?.text, build: service.built?.path, buildManifest: service.built?.manifest,
      buildArgs: service.built?.args, scale: service.scale, scaling: service.scaling, health: service.health)
  }

  /// Writes null for what is not given, so that the keys are always the same.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(environment, forKey: .environment)
    try container.encode(resources, forKey: .resources)
    try container.encode(volumes, forKey: .volumes)
    try container.encode(image, forKey: .image)
    try container.encode(command, forKey: .command)
    try container.encode(argv, forKey: .argv)
    try container.encode(port, forKey: .port)
    try container.encode(build, forKey: .build)
    try container.encode(buildManifest, forKey: .buildManifest)
    try container.encode(buildArgs, forKey: .buildArgs)
    try container.encode(scale, forKey: .scale)
    try container.encode(scaling, forKey: .scaling)
    try container.encode(health, forKey: .health)
  }
}

extension ManifestDocument.TimerEntry {
  /// Writes null for what is not given, so that the keys are always the same.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(service, forKey: .service)
    try container.encode(schedule, forKey: .schedule)
    try container.encode(command, forKey: .command)
  }
}

extension ManifestDocument.Warning {
  fileprivate init(_ diagnostic: Diagnostic) {
    let place = diagnostic.location
    self.init(file: place.file, line: place.line, column: place.column, message: diagnostic.message)
  }
}

extension ResourceLink {
  /// The link as it is written.
  var text: String { variable.map { "\(resource):\($0)" } ?? resource }
}

extension EnvironmentDeclaration {
  /// The item as it is written.
  var text: String {
    switch self {
    case .required(let key): key
    case .defaulted(let key, let value): "\(key)=\(value)"
    case .everything: "*"
    }
  }
}
