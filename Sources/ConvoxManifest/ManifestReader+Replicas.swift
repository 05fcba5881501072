/// Rules between a replica and the resource that its reference (`readSourceDB`) names.
extension ManifestReader {
  mutating func checkReplicas() {
    let circular = circularNames()
    for replica in manifest.resources {
      guard let reference = reference(of: replica),
        let source = replicaSource(reference, of: replica, circular)
      else { continue }
      check(replica, reference, against: source)
    }
  }

  private func reference(of resource: Resource) -> ResourceOption? {
    resource.replicaReference(in: catalog)
  }

  private func referenced(_ reference: ResourceOption) -> Resource? {
    ResourceOption.referencedName(reference.value).flatMap { resourcePositions[$0] }.map {
      manifest.resources[$0]
    }
  }

  private mutating func replicaSource(
    _ reference: ResourceOption, of replica: Resource, _ circular: Set<String>
  ) -> Resource? {
    guard let source = referenced(reference), source.name != replica.name else {
      add("invalid resource name for \(reference.name)", at: reference, nameHint(reference, of: replica))
      return nil
    }
    guard source.type == replica.type else {
      add(
        "resource type mismatch for \(reference.name)", at: reference,
        "\(replica.name) is of type \(replica.type), \(source.name) of type \(source.type)")
      return nil
    }
    guard !circular.contains(replica.name) else {
      add("\(reference.name) of \(replica.name) leads back to \(replica.name)", at: reference, nil)
      return nil
    }
    return source
  }

  private func nameHint(_ reference: ResourceOption, of replica: Resource) -> String? {
    guard !findings.isFull(.error) else { return nil }
    let others = manifest.resources.filter { $0.name != replica.name && $0.type == replica.type }.map(\.name)
    let near = ResourceOption.referencedName(reference.value).flatMap {
      findings.didYouMean(.error, $0, in: others)
    }
    let form = "write \"#convox.resources.NAME\""
    return near ?? ManifestReader.listing("\(form) with one of", others) ?? form
  }

  /// The replicas that are, over others, replicas of themselves.
  private func circularNames() -> Set<String> {
    var circular: Set<String> = []
    var finished: Set<String> = []
    for start in manifest.resources {
      var path: [String] = []
      var places: [String: Int] = [:]
      var current: Resource? = start
      while let resource = current, !finished.contains(resource.name) {
        if let place = places[resource.name] {
          circular.formUnion(path[place...])
          break
        }
        places[resource.name] = path.count
        path.append(resource.name)
        current = reference(of: resource).flatMap(referenced)
      }
      finished.formUnion(path)
    }
    return circular
  }

  /// The version set and equal, no less storage, and encrypted only if the source is.
  private mutating func check(_ replica: Resource, _ reference: ResourceOption, against source: Resource) {
    let type = catalog.type(named: replica.type)
    func effective(_ name: String, _ resource: Resource) -> String? {
      resource.option(name) ?? type?.option(name)?.defaultValue
    }
    func option(_ name: String) -> ResourceOption { replica.options.last { $0.name == name } ?? reference }
    if type?.option("version") != nil, let version = version(of: source) ?? effective("version", source) {
      if let own = replica.option("version") {
        if own != version {
          add(
            "version \(own) of replica \(replica.name) differs from \(version) of \(source.name)",
            at: option("version"), "set both to the same version")
        }
      } else {
        inheritVersion(version, replica, reference, source)
      }
    }
    if replica.declaredType != replica.type, replica.option("storage") == nil,
      let storage = effective("storage", source), let index = resourcePositions[replica.name]
    {
      // A v3 rack makes it as large as its source.
      manifest.resources[index].options.append(
        ResourceOption(name: "storage", value: storage, location: reference.location))
    } else if let own = effective("storage", replica).flatMap({ Int($0) }),
      let least = effective("storage", source).flatMap({ Int($0) }), own < least
    {
      add(
        "storage \(own) of replica \(replica.name) is less than \(least) of \(source.name)",
        at: option("storage"), "storage: \(least)")
    }
    if effective("encrypted", replica) == "true", effective("encrypted", source) != "true" {
      add(
        "replica \(replica.name) cannot be encrypted while \(source.name) is not", at: option("encrypted"),
        "encrypt \(source.name) too, or neither")
    }
  }

  /// The version that is set, or that of the source whose replica it is, and so on.
  private func version(of resource: Resource) -> String? {
    var current: Resource? = resource
    // As many steps as there can be without a circle.
    for _ in manifest.resources {
      guard let resource = current else { return nil }
      if let version = resource.option("version") { return version }
      current = reference(of: resource).flatMap(referenced)
    }
    return nil
  }

  /// A replica runs its source's version, whoever says so: a v3 rack needs no word about it, a v2 rack does.
  private mutating func inheritVersion(
    _ version: String, _ replica: Resource, _ reference: ResourceOption, _ source: Resource
  ) {
    if let index = resourcePositions[replica.name] {
      manifest.resources[index].options.append(
        ResourceOption(name: "version", value: version, location: reference.location))
    }
    let remedy = "version: \"\(version)\""
    guard replica.declaredType == replica.type else {
      findings.add(
        .warning, at: reference.location,
        "replica \(replica.name) names no version: it has that of \(source.name), \(version)",
        suggestion: remedy)
      return
    }
    refuse(
      "replica \(replica.name) has to set its version, the same as \(source.name)", at: reference, remedy)
  }

  /// Says what AWS would refuse.
  private mutating func refuse(_ message: String, at option: ResourceOption, _ suggestion: String?) {
    refusals.add(.error, at: option.location, message, suggestion: suggestion)
  }

  private mutating func add(
    _ message: String, at option: ResourceOption, _ suggestion: String?
  ) {
    findings.add(.error, at: option.location, message, suggestion: suggestion)
  }
}

extension Resource {
  /// The option that makes it a replica, if it is one.
  func replicaReference(in catalog: ResourceCatalog) -> ResourceOption? {
    let names = (catalog.type(named: type)?.options ?? []).filter { $0.kind == .resourceReference }.map(
      \.name)
    return options.last { names.contains($0.name) }
  }
}

extension ResourceOption {
  /// The resource that a reference such as `#convox.resources.NAME` names; nil where it has another form.
  package static func referencedName(_ value: String) -> String? {
    let prefix = reference(to: "")
    return value.hasPrefix(prefix) ? String(value.dropFirst(prefix.count)) : nil
  }

  /// The reference to the resource of that name.
  package static func reference(to name: String) -> String { "#convox.resources.\(name)" }
}
