package import AppState
package import ConvoxManifest

/// A line of `check --explain`: an option, its value, what AWS does with it and what drydock does.
package struct OptionExplanation: Sendable, Hashable, Codable {
  /// Where a value comes from.
  package enum Origin: String, Sendable, Hashable, Codable {
    /// convox.yml sets it.
    case manifest
    /// convox.yml no longer sets it, and the deployed value stays.
    case deployed
    /// Nobody set it.
    case `default`
    /// `drydock params set`.
    case parameter
  }

  /// The resource's name; nil for a parameter of the app.
  package var resource: String?
  /// The resource's type; nil for a parameter of the app.
  package var type: String?
  /// The option's name.
  package var option: String
  /// The value in force; nil for none.
  package var value: String?
  /// Where the value comes from.
  package var origin: Origin
  /// The default that the documentation of Convox states, where racks of today deploy another.
  package var documentedDefault: String?
  /// What AWS does with it.
  package var aws: String
  /// What drydock does with it.
  package var treatment: OptionTreatment.Kind
  /// What that is in detail.
  package var detail: String
}

extension OptionExplanation {
  /// A line for every option of every resource of a manifest, and for what no option changes, then one for each app
  /// parameter.
  /// - Parameter state: What is deployed; nil before the first `up`.
  package static func rows(_ manifest: Manifest, catalog: ResourceCatalog, over state: InstanceState?)
    -> [OptionExplanation]
  {
    let options = manifest.resources.flatMap { resource -> [OptionExplanation] in
      guard let type = catalog.type(named: resource.type) else { return [] }
      let settlement = OptionSettlement.settle(
        resource, type: type, record: state?.resources[resource.name], in: catalog)
      let set = Set(resource.setOptions.map(\.name))
      return type.options.map { row($0, resource, settlement.options[$0.name], isSet: set.contains($0.name)) }
        + type.differences.map { row($0, resource) }
    }
    return options + AppParameter.allCases.map { row($0, state) }
  }

  private static func row(_ rule: OptionRule, _ resource: Resource, _ value: String?, isSet: Bool)
    -> OptionExplanation
  {
    OptionExplanation(
      resource: resource.name, type: resource.type, option: rule.name, value: value,
      origin: isSet ? .manifest : value == rule.defaultValue ? .default : .deployed,
      documentedDefault: rule.documentedDefault == rule.defaultValue ? nil : rule.documentedDefault,
      aws: rule.summary, treatment: rule.treatment.kind, detail: rule.treatment.detail)
  }

  private static func row(_ difference: TypeDifference, _ resource: Resource) -> OptionExplanation {
    OptionExplanation(
      resource: resource.name, type: resource.type, option: difference.name, value: difference.value,
      origin: .default, aws: difference.aws, treatment: .recorded, detail: difference.detail)
  }

  private static func row(_ parameter: AppParameter, _ state: InstanceState?) -> OptionExplanation {
    let value = (state?.shownParameters ?? InstanceState.defaultParameters)[parameter.rawValue] ?? ""
    let isSet =
      switch parameter {
      case .autoMinorVersionUpgrade: state?.parameters?[parameter.rawValue] != nil
      case .resourcePassword: state?.isPasswordChosen == true
      }
    return OptionExplanation(
      option: parameter.rawValue, value: value.isEmpty ? nil : value, origin: isSet ? .parameter : .default,
      aws: parameter.summary, treatment: parameter.treatment.kind, detail: parameter.treatment.detail)
  }
}

extension AppParameter {
  /// What AWS does with it.
  package var summary: String {
    switch self {
    case .autoMinorVersionUpgrade: "Upgrades minor versions in the maintenance window"
    case .resourcePassword: "The password of all resources; a UUID where it is not set"
    }
  }

  /// What drydock does with it.
  package var treatment: OptionTreatment {
    switch self {
    case .autoMinorVersionUpgrade: .recorded("nothing is upgraded by itself; check warns of pinned versions")
    case .resourcePassword: .emulated("the password of every engine here, changed while they run")
    }
  }
}
