import Essentials

extension Manifest {
  /// Every rule that would fail or surprise at deploy, besides what loading already reported; a required
  /// variable without a value is among them. An `error` would fail, a `warning` surprise.
  /// - Parameters:
  ///   - autoMinorVersionUpgrade: The app parameter of that name, which is on by default.
  ///   - moment: Now, in seconds since 1970, for schedules whose time has passed; nil where that is of no matter.
  package func deployFindings(
    catalog: ResourceCatalog, appEnvironment: [String: String], autoMinorVersionUpgrade: Bool = true,
    moment: Int? = nil
  ) -> [Diagnostic] {
    var check = DeployCheck(manifest: self, catalog: catalog)
    check.moment = moment
    check.upgradesMinorVersions = autoMinorVersionUpgrade
    if let missing = missingRequiredEnvironment(appEnvironment) {
      check.fail(missing.message, at: missing.location, missing.suggestion)
    }
    check.checkLines(of: appEnvironment)
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
  /// A service's link to a resource, with its place.
  struct Link {
    var service: String
    var place: SourceLocation
  }

  let manifest: Manifest
  let catalog: ResourceCatalog
  /// The resources by name.
  let resources: [String: Resource]
  /// The links to each resource.
  let links: [String: [Link]]
  /// The resources that services mount.
  let mounted: Set<String>
  let serviceNames: Set<String>
  /// Whether AWS upgrades minor versions by itself.
  var upgradesMinorVersions = true
  /// Now, in seconds since 1970.
  var moment: Int?
  var findings = Findings()

  init(manifest: Manifest, catalog: ResourceCatalog) {
    self.manifest = manifest
    self.catalog = catalog
    resources = Dictionary(manifest.resources.map { ($0.name, $0) }) { first, _ in first }
    serviceNames = Set(manifest.services.map(\.name))
    let isMounted = manifest.resources.filter { catalog.type(named: $0.type)?.isMounted ?? false }
    mounted = Set(isMounted.map(\.name))
    var links: [String: [Link]] = [:]
    for service in manifest.services {
      for (index, link) in service.resources.enumerated() {
        let place = manifest.places[.link(service: service.name, index)] ?? service.location
        links[link.resource, default: []].append(Link(service: service.name, place: place))
      }
    }
    self.links = links
  }

  /// Something that surprises.
  mutating func warn(
    _ message: String, at place: SourceLocation, _ suggestion: String? = nil
  ) {
    findings.add(.warning, at: place, message, suggestion: suggestion)
  }

  /// Something that fails.
  mutating func fail(
    _ message: String, at place: SourceLocation, _ suggestion: String? = nil
  ) {
    findings.add(.error, at: place, message, suggestion: suggestion)
  }

  mutating func checkLinked(_ resource: Resource) {
    guard links[resource.name] == nil else { return }
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
    guard let value = appEnvironment[variable], !value.trimmed().isEmpty,
      catalog.type(named: resource.type)?.hasVariables ?? true
    else { return }
    warn(
      "the app env sets \(variable), so \(resource.name) is external here; a v2 rack creates it all the same, "
        + "and the value reaches only services that declare \(variable)", at: resource.location,
      "declare \(variable) under environment:, or unset it")
  }

  /// Resources' variables come after the defaults, so that a default of the same name never shows.
  mutating func checkDefaults(of service: Service) {
    var defaults: Set<String> = []
    for case .defaulted(let key, _) in service.environment { defaults.insert(key) }
    for link in service.resources {
      guard let resource = resources[link.resource],
        catalog.type(named: resource.type)?.hasVariables ?? true
      else { continue }
      let suffixes = ["URL", "USER", "PASS", "HOST", "PORT", "NAME"]
      let set = link.variable.map { [$0] } ?? suffixes.map { "\(resource.environmentPrefix)_\($0)" }
      for key in set where defaults.contains(key) {
        warn(
          "the default of \(key) in service \(service.name) has no effect: resource \(resource.name) sets it",
          at: service.location, "remove the default, or set \(key) in the app env")
      }
    }
  }

  mutating func checkServiceLinks(of service: Service) {
    for (index, name) in service.links.enumerated() where !serviceNames.contains(name) {
      warn(
        "service \(service.name) links a service that does not exist: \(name)",
        at: manifest.places[.serviceLink(service: service.name, index)] ?? service.location,
        findings.didYouMean(.warning, name, in: manifest.services.lazy.map(\.name)))
    }
  }
}
