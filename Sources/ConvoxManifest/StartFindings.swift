import Essentials

extension Manifest {
  /// What would fail or surprise when the services are started here, besides what a deploy would say.
  package func startFindings() -> [Diagnostic] {
    var check = StartCheck(manifest: self)
    for service in services {
      check.checkName(of: service)
      check.checkLinks(of: service)
      check.checkHealth(of: service)
      check.checkBuild(of: service)
    }
    check.checkDomains()
    for timer in timers { check.check(timer) }
    return check.findings.sorted
  }
}

/// Collects what would go wrong or astonish at a start.
struct StartCheck {
  /// The name of the file with all variables, `.drydock/all.env`, without its ending.
  private static let allVariables = "all"

  let manifest: Manifest
  let resources: Set<String>
  var findings = Findings()

  init(manifest: Manifest) {
    self.manifest = manifest
    resources = Set(manifest.resources.map(\.name))
  }

  private mutating func warn(_ message: String, at place: SourceLocation, _ suggestion: String? = nil) {
    findings.add(.warning, at: place, message, suggestion: suggestion)
  }

  private func place(_ place: ManifestPlace, _ service: Service) -> SourceLocation {
    manifest.places[place] ?? service.location
  }

  mutating func checkName(of service: Service) {
    if resources.contains(service.name) {
      warn(
        "service \(service.name) and a resource have one name: in the app's network it is the resource's, and links "
          + "between containers do not reach the service by it",
        at: service.location, "rename one of them")
    }
    if service.name == Self.allVariables {
      warn(
        "service \(service.name): .drydock/\(service.name).env holds all resources; its own variables are in no file",
        at: service.location, "show them: drydock env \(service.name)")
    }
  }

  mutating func checkLinks(of service: Service) {
    for (index, name) in service.links.enumerated() {
      let place = place(.serviceLink(service: service.name, index), service)
      if name == service.name {
        warn("service \(name) links itself", at: place, "remove the link")
      } else if let target = manifest.service(named: name), target.port == nil {
        warn(
          "service \(service.name) links \(name), which has no port: nothing answers at "
            + "\(Resource.environmentPrefix(of: name))_URL", at: place, "give \(name) a port:")
      }
    }
  }

  /// By the limits of ELB for a target group.
  mutating func checkHealth(of service: Service) {
    guard service.port != nil else { return }
    let health = service.health
    let place = place(.health(service: service.name), service)
    if !(5...300).contains(health.interval) {
      warn(
        "service \(service.name): AWS takes a health interval of 5 to 300 seconds, not \(health.interval)",
        at: place)
    } else if health.timeout >= health.interval {
      warn(
        "service \(service.name): the health timeout of \(health.timeout) s is not below the interval of "
          + "\(health.interval) s, and AWS rejects it", at: place)
    }
  }

  mutating func checkBuild(of service: Service) {
    guard let args = service.built?.args, !args.isEmpty else { return }
    warn(
      "service \(service.name): Convox reads build.args and passes none of them on",
      at: place(.build(service: service.name), service),
      "an ARG of the Dockerfile gets its value from the app env: drydock env set NAME=value")
  }

  mutating func checkDomains() {
    var owners: [String: String] = [:]
    for service in manifest.services {
      for domain in service.routing.domains {
        let domain = domain.lowercased()
        if let owner = owners[domain], owner != service.name {
          warn(
            "services \(owner) and \(service.name) have the domain \(domain), and one of them gets its requests",
            at: place(.domain(service: service.name), service))
        }
        owners[domain] = service.name
      }
    }
  }

  mutating func check(_ timer: Timer) {
    let start = SourceLocation(file: manifest.file, line: 1, column: 1)
    let place = manifest.places[.timer(timer.name)] ?? start
    if timer.command?.trimmed().isEmpty != false {
      warn("timer \(timer.name) has no command", at: place, "add command:")
    }
  }
}
