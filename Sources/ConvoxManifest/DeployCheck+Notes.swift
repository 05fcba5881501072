/// The notes that a resource type brings along.
extension DeployCheck {
  mutating func checkNotes(_ resource: Resource) {
    guard let type = catalog.type(named: resource.type) else { return }
    for note in type.deployNotes where holds(note.condition, resource, type) {
      if note.condition == .linked {
        for link in links[resource.name] ?? [] {
          add(note, resource, type, at: link.place, service: link.service)
        }
      } else {
        add(note, resource, type, at: place(note.condition, resource) ?? resource.location, service: "")
      }
    }
  }

  private mutating func add(
    _ note: DeployNote, _ resource: Resource, _ type: ResourceType, at place: SourceLocation, service: String
  ) {
    func filled(_ text: String) -> String {
      let version = value("version", resource, type) ?? ""
      return text.replacing("{name}", with: resource.name).replacing("{service}", with: service)
        .replacing("{prefix}", with: resource.environmentPrefix).replacing("{version}", with: version)
    }
    findings.add(note.severity, at: place, filled(note.message), suggestion: note.suggestion.map(filled))
  }

  private func value(_ option: String, _ resource: Resource, _ type: ResourceType) -> String? {
    resource.option(option) ?? type.option(option)?.defaultValue
  }

  private func holds(_ condition: DeployNote.Condition, _ resource: Resource, _ type: ResourceType) -> Bool {
    switch condition {
    case .always: true
    case .linked: links[resource.name] != nil
    case .option(let name, let wanted): value(name, resource, type) == wanted
    case .optionBelow(let name, let least):
      value(name, resource, type).flatMap { Int($0) }.map { $0 < least } ?? false
    case .versionAtLeast(let least):
      !numbers(value("version", resource, type)).lexicographicallyPrecedes(least)
    case .versionOutside(let spans):
      !spans.contains { $0.contains(numbers(value("version", resource, type))) }
    case .versionWithin(let span):
      resource.option("version").map { span.holds(numbers($0)) } ?? false
    case .pinsMinorVersion(let major, let legacy):
      upgradesMinorVersions && pinsMinorVersion(numbers(resource.option("version")), major, legacy)
    case .all(let conditions): conditions.allSatisfy { holds($0, resource, type) }
    }
  }

  private func numbers(_ version: String?) -> [Int] {
    (version ?? "").split(separator: ".").map { Int($0.prefix { $0.isNumber }) ?? 0 }
  }

  private func pinsMinorVersion(_ numbers: [Int], _ major: Int, _ legacyBelow: Int?) -> Bool {
    guard let first = numbers.first else { return false }
    return numbers.count > major + (first < legacyBelow ?? 0 ? 1 : 0)
  }

  /// Where the first option of a condition is set.
  private func place(_ condition: DeployNote.Condition, _ resource: Resource) -> SourceLocation? {
    func option(_ name: String) -> SourceLocation? {
      resource.options.last { $0.name == name }?.location
    }
    switch condition {
    case .always, .linked: return nil
    case .option(let name, _), .optionBelow(let name, _): return option(name)
    case .versionAtLeast, .versionOutside, .versionWithin, .pinsMinorVersion: return option("version")
    case .all(let conditions): return conditions.lazy.compactMap { place($0, resource) }.first
    }
  }
}
