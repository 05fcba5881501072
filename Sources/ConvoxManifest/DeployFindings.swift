extension Manifest {
  /// Every rule that would fail or surprise at deploy, besides what loading already reported; a required
  /// variable without a value is among them. An `error` would fail, a `warning` surprise.
  public func deployFindings(catalog: ResourceCatalog, appEnvironment: [String: String]) -> [Diagnostic] {
    var check = DeployCheck(manifest: self, catalog: catalog)
    if let missing = missingRequiredEnvironment(appEnvironment) { check.findings.add(missing) }
    for resource in resources {
      check.checkLinked(resource)
      check.checkNotes(resource)
      check.checkReplica(resource)
      check.checkExternal(resource, appEnvironment)
    }
    for service in services {
      check.checkVolumes(of: service)
      check.checkMounts(of: service)
      check.checkDefaults(of: service)
      check.checkServiceLinks(of: service)
    }
    for timer in timers { check.check(timer) }
    return check.findings.sorted
  }
}

/// Collects what would go wrong or astonish at deploy.
struct DeployCheck {
  let manifest: Manifest
  let catalog: ResourceCatalog
  var findings = Findings()

  init(manifest: Manifest, catalog: ResourceCatalog) {
    self.manifest = manifest
    self.catalog = catalog
  }

  /// Something that surprises.
  mutating func warn(_ message: String, at place: SourceLocation, _ suggestion: String? = nil) {
    findings.add(Diagnostic(.warning, at: place, message, suggestion: suggestion))
  }

  /// Something that fails.
  mutating func fail(_ message: String, at place: SourceLocation, _ suggestion: String? = nil) {
    findings.add(Diagnostic(.error, at: place, message, suggestion: suggestion))
  }

  /// The links to a resource with the service of each and its place.
  func links(to resource: Resource) -> [(service: Service, place: SourceLocation)] {
    manifest.services.flatMap { service in
      service.resources.enumerated().filter { $0.element.resource == resource.name }.map {
        (service, manifest.places[.link(service: service.name, $0.offset)] ?? service.location)
      }
    }
  }

  mutating func checkLinked(_ resource: Resource) {
    guard links(to: resource).isEmpty else { return }
    warn(
      "no service links resource \(resource.name): AWS creates it, and nothing can reach it by variables",
      at: resource.location, "list \(resource.name) under resources: of a service")
  }

  mutating func checkReplica(_ resource: Resource) {
    guard let reference = resource.replicaReference(in: catalog),
      let source = ResourceOption.referencedName(reference.value)
    else { return }
    warn(
      "the source \(source) has to be deployed before its replica \(resource.name)", at: reference.location,
      "for a new app deploy twice: without \(resource.name) first")
    for name in ["backupRetentionPeriod", "preferredBackupWindow"] {
      guard let option = resource.options.last(where: { $0.name == name }) else { continue }
      warn("a replica ignores \(name)", at: option.location, "set it on \(source)")
    }
  }

  /// An app env value for a resource's URL means something else on a v2 rack.
  mutating func checkExternal(_ resource: Resource, _ appEnvironment: [String: String]) {
    let variable = "\(resource.environmentPrefix)_URL"
    guard let value = appEnvironment[variable], !value.trimmingBlanks.isEmpty,
      catalog.type(named: resource.type)?.hasVariables ?? true
    else { return }
    warn(
      "the app env sets \(variable), so \(resource.name) is external here; a v2 rack creates it all the same, "
        + "and the value reaches only services that declare \(variable)", at: resource.location,
      "declare \(variable) under environment:, or unset it")
  }

  /// Resources' variables come after the defaults, so that a default of the same name never shows.
  mutating func checkDefaults(of service: Service) {
    for link in service.resources {
      guard let resource = manifest.resource(named: link.resource),
        catalog.type(named: resource.type)?.hasVariables ?? true
      else { continue }
      let suffixes = ["URL", "USER", "PASS", "HOST", "PORT", "NAME"]
      let set = link.variable.map { [$0] } ?? suffixes.map { "\(resource.environmentPrefix)_\($0)" }
      for case .defaulted(let key, _) in service.environment where set.contains(key) {
        warn(
          "the default of \(key) in service \(service.name) has no effect: resource \(resource.name) sets it",
          at: service.location, "remove the default, or set \(key) in the app env")
      }
    }
  }

  mutating func checkServiceLinks(of service: Service) {
    let names = manifest.services.map(\.name)
    for (index, name) in service.links.enumerated() where !names.contains(name) {
      warn(
        "service \(service.name) links a service that does not exist: \(name)",
        at: manifest.places[.serviceLink(service: service.name, index)] ?? service.location,
        didYouMean(name, in: names))
    }
  }

  mutating func check(_ timer: Timer) {
    let start = SourceLocation(file: manifest.file, line: 1, column: 1)
    let place = manifest.places[.timer(timer.name)] ?? start
    let names = manifest.services.map(\.name)
    if !names.contains(timer.service ?? "") {
      let service = timer.service ?? ""
      fail(
        "timer \(timer.name) references a service that does not exist: \(service)",
        at: manifest.places[.timerService(timer.name)] ?? place, didYouMean(service, in: names))
    }
    let schedule = timer.schedule ?? ""
    if ![5, 6].contains(schedule.split(separator: " ", omittingEmptySubsequences: false).count) {
      fail(
        "invalid schedule expression: \(schedule)",
        at: manifest.places[.timerSchedule(timer.name)] ?? place,
        "write five or six fields, one space between")
    }
  }
}
