package import AppState
package import ConvoxManifest
package import DrydockBase

/// How one service is going to run, and why.
package struct ServiceChoice: Sendable, Hashable {
  /// How it runs.
  package var kind: ServiceKind
  /// Why, for people.
  package var reason: String

  /// What decides, apart from the manifest.
  package struct Facts: Sendable, Hashable {
    /// Where the instance's resources run; nil where it has none.
    package var runtime: RuntimeKind?
    /// Whether there is a Dockerfile where `build:` says.
    package var hasDockerfile: Bool
    /// The program that the service runs as a process: of `command:`, or of the Dockerfile's; nil where neither names one.
    package var program: String?
    /// Whether that program is on this machine.
    package var isProgramHere: Bool

    /// The facts about a service.
    package init(runtime: RuntimeKind?, hasDockerfile: Bool, program: String?, isProgramHere: Bool) {
      self.runtime = runtime
      self.hasDockerfile = hasDockerfile
      self.program = program
      self.isProgramHere = isProgramHere
    }
  }

  /// Decides: what the user says, else a container where the resources run in Docker and there is an image, else a process
  /// where its program is here.
  /// - Throws: `DrydockError` with the place in the manifest.
  package static func decide(_ service: Service, _ way: ServiceWay, _ facts: Facts) throws(DrydockError)
    -> Self
  {
    let isBuilt = service.image == nil && facts.hasDockerfile
    let image = service.image.map { "image: \($0)" } ?? (isBuilt ? "has a Dockerfile" : nil)
    switch way {
    case .container: return try container(service, facts, image, "as --services says")
    case .process: return try process(service, facts, "as --services says")
    case .auto:
      if facts.runtime == .docker, let image {
        return ServiceChoice(kind: .container, reason: "\(image), and the app is in Docker")
      }
      if facts.runtime == nil, let image, service.image != nil || !facts.isProgramHere {
        return ServiceChoice(kind: .container, reason: "\(image), and no resource decides otherwise")
      }
      return try process(
        service, facts,
        facts.runtime == .native
          ? "the app runs natively"
          : image == nil ? "it has neither image nor Dockerfile" : "its program is here")
    }
  }

  private static func container(
    _ service: Service, _ facts: Facts, _ image: String?, _ reason: String
  ) throws(DrydockError) -> Self {
    guard facts.runtime != .native else {
      throw DrydockError(
        .usage,
        "\(service.name) cannot run in a container: the resources run natively, on 127.0.0.1, where no container "
          + "reaches them",
        suggestion: "run them in Docker too: \(inDocker(facts))")
    }
    guard image != nil else {
      throw DrydockError(
        .manifestInvalid, "\(service.location): \(service.name) has neither image: nor a Dockerfile",
        suggestion: "give it one, or run it as a process: drydock start --services process")
    }
    return ServiceChoice(kind: .container, reason: reason)
  }

  private static func process(
    _ service: Service, _ facts: Facts, _ reason: String
  ) throws(DrydockError) -> Self {
    if let image = service.image {
      throw DrydockError(
        .manifestInvalid,
        "\(service.location): \(service.name) is the image \(image), which does not run as a process",
        suggestion: "run the app in Docker: \(inDocker(facts))")
    }
    guard let program = facts.program else {
      throw DrydockError(
        .manifestInvalid, "\(service.location): \(service.name) has no command: that could run as a process",
        suggestion: "give it one, or run the app in Docker: \(inDocker(facts))")
    }
    guard facts.isProgramHere else {
      throw DrydockError(
        .unavailable, "\(service.location): \(program): not on this machine",
        suggestion: "install it, or run the app in Docker: \(inDocker(facts))")
    }
    return ServiceChoice(kind: .process, reason: reason)
  }

  /// The commands for that: data that lies natively does not move by itself.
  private static func inDocker(_ facts: Facts) -> String {
    let start = "drydock start --runtime docker"
    guard facts.runtime == .native else { return start }
    return "drydock down --delete-data (to keep data: drydock resources export, before), then \(start)"
  }
}
