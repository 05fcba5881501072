/// Turns a YAML document into a manifest and collects the findings; one extension a section of the file.
struct ManifestReader {
  let source: ManifestSource
  let catalog: ResourceCatalog
  var manifest: Manifest
  var findings = Findings()
  /// What AWS would refuse; the manifest can be used all the same.
  var refusals = Findings()
  /// The manifest's resources by name, with their position.
  var resourcePositions: [String: Int] = [:]
  /// Resources that are named and have errors of their own.
  var unreadableResources: Set<String> = []
  /// The services that have a port of the rack's network load balancer.
  var listenerOwners: [Int: String] = [:]
  /// Unset `${NAME}`s that a finding has named already, by their place in the file.
  var explained: Set<Int> = []

  init(source: ManifestSource, catalog: ResourceCatalog) {
    self.source = source
    self.catalog = catalog
    manifest = Manifest(file: source.file)
  }

  mutating func read(_ document: YAMLDocument) throws(ManifestError) -> Manifest {
    for remark in document.remarks { warn(remark.message, at: remark.offset, remark.suggestion) }
    if let later = document.remarks.first(where: { $0.message == YAMLReader.laterDocument }) {
      hide(nil, at: later.offset, later.message, later.suggestion ?? "")
    }
    if let root = document.root, !root.isNull { readRoot(root) }
    if findings.hasErrors {
      for refusal in refusals.all { findings.add(refusal) }
      throw ManifestError(findings.sorted)
    }
    manifest.warnings = findings.sorted
    manifest.deployErrors = refusals.sorted
    return manifest
  }

  private mutating func readRoot(_ root: YAMLNode) {
    guard case .mapping(let sections) = root.content else {
      fail(
        cannotUnmarshal(root, into: "manifest.Manifest"), at: root.offset, "a manifest is a map of sections")
      return
    }
    manifest.isBlank = sections.isEmpty
    let known = ["environment", "params", "resources", "services", "timers"]
    warnUnknown(sections, known: known, in: "the manifest", v3: ManifestReader.v3Sections)
    manifest.environment = readEnvironment(section("environment", sections), of: nil)
    readResources(section("resources", sections))
    readServices(section("services", sections))
    readTimers(section("timers", sections))
    checkStringMap(section("params", sections))
    for pair in sections { warnUnset(in: pair.value) }
  }

  private static let v3Sections = ["appSettings", "balancers", "budget", "configs", "labels"]

  private func section(_ name: String, _ pairs: [YAMLNode.Pair]) -> YAMLNode? {
    pairs.first { $0.key.text == name }?.value
  }

  /// Says which keys Convox would ignore without a word.
  mutating func warnUnknown(_ pairs: [YAMLNode.Pair], known: [String], in owner: String, v3: [String] = []) {
    noteHidden(pairs, known: known, in: owner)
    for key in pairs.map(\.key) where !known.contains(key.text) {
      if v3.contains(key.text) {
        warn("`\(key.text)` is known to v3 racks only; a v2 rack ignores it", at: key.offset)
      } else {
        warn(
          "unknown key `\(key.text)` in \(owner): Convox ignores it", at: key.offset,
          findings.didYouMean(.warning, key.text, in: known))
      }
    }
  }

  /// Names every unset `${NAME}` that took part in a value and is not named yet.
  private mutating func warnUnset(in node: YAMLNode) {
    switch node.content {
    case .sequence(let items): for item in items { warnUnset(in: item) }
    case .scalar(let scalar): warnUnset(in: scalar)
    case .mapping(let pairs):
      for pair in pairs {
        warnUnset(in: pair.key)
        warnUnset(in: pair.value)
      }
    }
  }

  private mutating func warnUnset(in scalar: YAMLScalar) {
    for variable in source.unset(in: scalar) where explained.insert(variable.source.lowerBound).inserted {
      findings.add(
        .warning, at: source.location(ofSource: variable.source.lowerBound),
        "${\(variable.name)} is not set in the app env and became empty",
        suggestion: defaultSyntaxHint(variable.name) ?? "set \(variable.name) in the app env")
    }
  }

  /// What to say to somebody who expects a shell's defaults.
  private func defaultSyntaxHint(_ name: String) -> String? {
    guard name.contains(":-") || name.contains("=") else { return nil }
    return "Convox has no default syntax: it looks up the whole text between the braces"
  }

  mutating func warn(
    _ message: String, at offset: Int, _ suggestion: String? = nil
  ) {
    findings.add(.warning, at: source.location(of: offset), message, suggestion: suggestion)
  }

  mutating func fail(
    _ message: String, at offset: Int, _ suggestion: String? = nil
  ) {
    findings.add(.error, at: source.location(of: offset), message, suggestion: suggestion)
  }

  /// Says what AWS would refuse at deploy, and what goes on here.
  mutating func failAtDeploy(
    _ message: String, at offset: Int, _ suggestion: String? = nil
  ) {
    refusals.add(.error, at: source.location(of: offset), message, suggestion: suggestion)
  }
}
