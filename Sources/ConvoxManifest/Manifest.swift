/// A convox.yml as understood: interpolated, parsed, checked for what Convox's own parser rejects.
/// Everything is in the order of the file.
package struct Manifest: Sendable, Hashable {
  /// The file it was read from, as the user named it.
  package var file: String
  /// The app-wide `environment:` list.
  package var environment: [EnvironmentDeclaration]
  package var resources: [Resource]
  package var services: [Service]
  package var timers: [Timer]
  /// What is worth saying although the manifest can be used.
  package var warnings: [Diagnostic]
  /// What AWS would refuse, although the manifest can be used here.
  package internal(set) var deployErrors: [Diagnostic] = []
  /// Resources that were probably meant, and that Convox does not see.
  package internal(set) var hidden: [HiddenResources] = []
  /// Whether the file has no section at all.
  package internal(set) var isBlank: Bool
  /// Where items stand that have no place of their own in the model; empty for a manifest made by hand.
  var places: [ManifestPlace: SourceLocation] = [:]

  /// A manifest of these parts.
  package init(
    file: String, environment: [EnvironmentDeclaration] = [], resources: [Resource] = [],
    services: [Service] = [],
    timers: [Timer] = [], warnings: [Diagnostic] = []
  ) {
    self.file = file
    isBlank = environment.isEmpty && resources.isEmpty && services.isEmpty && timers.isEmpty
    self.environment = environment
    self.resources = resources
    self.services = services
    self.timers = timers
    self.warnings = warnings
  }

  /// The resource of that name.
  package func resource(named name: String) -> Resource? { resources.first { $0.name == name } }
  /// Where a variable of a service is declared: its own list counts before the app-wide one.
  func declaration(of variable: String, in service: Service) -> SourceLocation {
    places[.variable(service: service.name, variable)] ?? places[.variable(service: nil, variable)]
      ?? service.location
  }
  /// Where a variable of a service is required.
  package func requirement(of variable: String, in service: Service) -> SourceLocation {
    places[.required(service: service.name, variable)] ?? places[.required(service: nil, variable)]
      ?? service.location
  }
  /// The service of that name.
  package func service(named name: String) -> Service? { services.first { $0.name == name } }
}

/// An item of the manifest that a finding can point to.
enum ManifestPlace: Sendable, Hashable {
  /// The link of a service to a resource, by position among the links.
  case link(service: String, Int)
  /// An item of a service's `volumes:`, by position.
  case volume(service: String, Int)
  /// An item of a service's `links:`, by position.
  case serviceLink(service: String, Int)
  /// The first item that names a variable in a service's `environment:`, nil for the app-wide list.
  case variable(service: String?, String)
  /// The first item there that requires a variable, without a default.
  case required(service: String?, String)
  /// A service's `build:`.
  case build(service: String)
  /// A service's `health:`.
  case health(service: String)
  /// A service's `domain:`.
  case domain(service: String)
  /// A timer's name.
  case timer(String)
  /// A timer's `service:`.
  case timerService(String)
  /// A timer's `schedule:`.
  case timerSchedule(String)
}

/// One item of an `environment:` list.
package enum EnvironmentDeclaration: Sendable, Hashable {
  /// `KEY`: a value has to come from the app env.
  case required(String)
  /// `KEY=value`: a default; the value may be empty.
  case defaulted(String, String)
  /// `*`: every key of the app env.
  case everything
}
