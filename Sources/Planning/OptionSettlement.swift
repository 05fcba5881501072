package import AppState
package import ConvoxManifest
import Engines

/// An option that an `up` brings to another value than the deployed one.
package struct OptionChange: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The option's name.
  package var option: String
  /// The deployed value; nil for none.
  package var from: String?
  /// The value from now on; nil for none.
  package var to: String?

  /// `storage 50 → 200`.
  package var description: String { "\(option) \(from ?? "(none)") → \(to ?? "(none)")" }
}

/// What a resource's options come to when the manifest is laid over what is deployed.
///
/// On AWS an option is a parameter of the resource's stack: one that convox.yml no longer sets keeps its
/// deployed value. `readSourceDB` is the exception, whose removal promotes the replica.
package struct OptionSettlement: Sendable, Hashable {
  /// The options in force, defaults included.
  package var options: [String: String]
  /// What differs from what is deployed; empty for a new resource.
  package var changes: [OptionChange] = []
  /// What a reader of convox.yml would not expect, as warnings, and why these options cannot be had on what is
  /// deployed, as errors; in the order of the type's options.
  package var findings: [Diagnostic] = []
  /// What AWS would refuse at a deploy, and works here all the same, as errors.
  package var deployErrors: [Diagnostic] = []
  /// Whether an error is about what is deployed, not about the manifest by itself.
  package var contradictsDeployment = false
  /// What was accepted although AWS would not do it: the values that it has, by option; empty for none.
  package var accepted: [String: String] = [:]
  /// Whether this `up` was told to accept that.
  package var accepts = false

  package static let replicaOption = "readSourceDB"

  /// Lays what the manifest sets over what is deployed.
  /// - Parameters:
  ///   - resource: What the manifest says; an empty value counts as not set.
  ///   - type: Its type, whose defaults stand in for what nobody set.
  ///   - record: What the last `up` recorded; nil for a new resource.
  ///   - catalog: The types that there are, as the record's may be another.
  ///   - isExternal: Whether a URL stands in for it, so that nothing of what is deployed changes.
  ///   - accepts: Whether to go on with the data where AWS would refuse.
  package static func settle(
    _ resource: Resource, type: ResourceType, record: ResourceRecord?, in catalog: ResourceCatalog,
    isExternal: Bool = false, accepts: Bool = false
  ) -> OptionSettlement {
    var defaults: [String: String] = [:]
    for rule in type.options { defaults[rule.name] = rule.defaultValue }
    let wanted = Dictionary(resource.setOptions.map { ($0.name, $0.value) }) { $1 }
    guard let record, record.isDeployed(in: catalog), record.type == type.name else {
      var settlement = OptionSettlement(options: defaults.merging(wanted) { $1 })
      guard !isExternal else { return settlement }
      if let record, record.isDeployed(in: catalog) { settlement.refuseType(resource, record) }
      settlement.checkNodes(resource)
      return settlement
    }
    var deployed = defaults.merging(record.options) { $1 }
    // An interrupted promotion has recorded the options already, and is still to come.
    deployed[replicaOption] = record.source.map(ResourceOption.reference(to:))
    guard !isExternal else { return OptionSettlement(options: deployed) }
    var kept = deployed
    kept[replicaOption] = nil
    var settlement = OptionSettlement(options: kept.merging(wanted) { $1 })
    settlement.accepts = accepts
    settlement.accepted = record.acceptedOptions ?? [:]
    settlement.compare(resource, type, deployed: deployed, defaults: defaults)
    settlement.checkNodes(resource)
    return settlement
  }

  private mutating func compare(
    _ resource: Resource, _ type: ResourceType, deployed: [String: String], defaults: [String: String]
  ) {
    let set = Set(resource.setOptions.map(\.name))
    for rule in type.options {
      let (before, after) = (deployed[rule.name], options[rule.name])
      if isStillAccepted(rule, after) || accepts && before != after {
        let onAWS = accepted[rule.name] ?? before
        if accept(OptionChange(option: rule.name, from: onAWS, to: after), rule, resource, deployed: before) {
          continue
        }
      }
      if before != after {
        let change = OptionChange(option: rule.name, from: before, to: after)
        changes.append(change)
        judge(change, rule, resource)
      } else if let before, !set.contains(rule.name), before != defaults[rule.name] {
        add(
          .warning, resource, rule.name,
          "\(rule.name) stays \(before), as deployed: AWS keeps an option that is removed",
          "to change it, set it: \(rule.name): \(rule.suggestedValue)")
      }
    }
  }

  /// Forgets what was accepted as soon as AWS would do it too.
  private mutating func isStillAccepted(_ rule: OptionRule, _ wanted: String?) -> Bool {
    guard let onAWS = accepted[rule.name] else { return false }
    let change = OptionChange(option: rule.name, from: onAWS, to: wanted)
    if case .refused = ChangeConsequence(of: change, by: rule), wanted != onAWS { return true }
    accepted[rule.name] = nil
    return false
  }

  /// Goes on with the data where AWS would refuse.
  /// - Returns: Whether it would, and there is a way on.
  private mutating func accept(
    _ change: OptionChange, _ rule: OptionRule, _ resource: Resource, deployed: String?
  ) -> Bool {
    guard case .refused(let what, _, let way?) = ChangeConsequence(of: change, by: rule) else { return false }
    switch way {
    case .asWanted:
      if deployed != change.to {
        changes.append(OptionChange(option: change.option, from: deployed, to: change.to))
      }
    case .asDeployed: options[change.option] = deployed
    }
    note(change.option, onAWS: change.from, what, resource)
    return true
  }

  /// Writes down what AWS would not do.
  package mutating func note(_ option: String, onAWS: String?, _ what: String, _ resource: Resource) {
    accepted[option] = onAWS ?? ""
    add(.warning, resource, option, "\(what) on AWS, which was accepted: it goes on with its data", nil)
  }

  private mutating func judge(_ change: OptionChange, _ rule: OptionRule, _ resource: Resource) {
    switch ChangeConsequence(of: change, by: rule) {
    case .free: break
    case .surprising(let what, _): add(.warning, resource, change.option, "\(change): \(what)", nil)
    case .refused(let what, let remedy, let way):
      contradictsDeployment = true
      add(
        .error, resource, change.option, what,
        "\(remedy), \(way == nil ? "" : wayOn(resource) + ", ")or start fresh: drydock down \(resource.name) --delete-data"
      )
    }
  }

  package func wayOn(_ resource: Resource) -> String {
    "go on with its data: drydock up --accept-options \(resource.name)"
  }

  private mutating func refuseType(_ resource: Resource, _ record: ResourceRecord) {
    contradictsDeployment = true
    add(
      .error, resource, "",
      "it holds data of type \(record.type), and the manifest now says \(resource.type)",
      "give the new resource another name, or delete the old data: drydock down \(resource.name) --delete-data"
    )
  }

  /// Fail-over needs a second node; the pages of Convox say that it fails else.
  private mutating func checkNodes(_ resource: Resource) {
    guard options["durable"] == "true", let nodes = options["nodes"].flatMap({ Int($0) }), nodes < 2 else {
      return
    }
    deployErrors.append(
      diagnostic(
        .error, resource, "durable", "durable: true needs two nodes at least", "set nodes: 2"))
  }

  package mutating func add(
    _ severity: Diagnostic.Severity, _ resource: Resource, _ option: String, _ message: String,
    _ suggestion: String?
  ) {
    findings.append(diagnostic(severity, resource, option, message, suggestion))
  }

  private func diagnostic(
    _ severity: Diagnostic.Severity, _ resource: Resource, _ option: String, _ message: String,
    _ suggestion: String?
  ) -> Diagnostic {
    let place = resource.options.last { $0.name == option }?.location ?? resource.location
    return Diagnostic(severity, at: place, "resource \(resource.name): \(message)", suggestion: suggestion)
  }
}

extension Resource {
  /// The options that are set to something.
  package var setOptions: [ResourceOption] { options.filter { !$0.value.isEmpty } }
}

extension OptionRule {
  /// A value for an example: the default, where there is one.
  package var suggestedValue: String { defaultValue ?? "VALUE" }
}

extension ResourceRecord {
  /// Whether there is something that the recorded options describe: a server whose data served a client, or
  /// a directory. A resource whose first start failed has nothing to keep.
  package func isDeployed(in catalog: ResourceCatalog) -> Bool { isDeployed(catalog.engine(type)) }

  /// The same where the engine of its type is at hand; nil for a type that nobody knows.
  func isDeployed(_ engine: (any Engine)?) -> Bool {
    dataVersion != nil || engine.map { $0.server == nil } ?? true
  }
}
