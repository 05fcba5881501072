package import AppState
import ConvoxEnvironment
package import ConvoxManifest
import DrydockBase
import Engines

/// What the password of an app's resources has to be: by Convox, by the URL it stands in, and by the AWS
/// service of each resource.
package enum PasswordRule {
  /// What any resource password has to be, where this one is not; nil where it is.
  package static func problem(with password: String) -> String? {
    if password.count < 8 { return "takes 8 characters at least" }
    if password.count > 128 { return "takes 128 characters at most" }
    let breaking = URLPassword.charactersBreakingURL(in: password)
    guard !breaking.isEmpty else { return nil }
    let list = breaking.map { $0.isWhitespace ? "a blank" : String($0) }.joined(separator: " ")
    return "stands in URLs as it is, and these characters would break them: \(list)"
  }

  /// Refuses resources that AWS would not make with the app's password.
  /// - Throws: `DrydockError.manifestInvalid` naming the first.
  package static func refuse(_ state: InstanceState, _ specs: [ResourceSpec]) throws {
    guard state.isPasswordChosen == true else { return }
    for spec in specs where spec.externalURL == nil {
      let password = state.resourcePassword
      if let problem = spec.engine.problem(withPassword: password, options: spec.options) {
        throw error(spec.name, problem, .manifestInvalid)
      }
    }
  }

  /// The same as a finding of `check`.
  package static func findings(
    _ state: InstanceState, _ resource: Resource, _ options: [String: String], in catalog: ResourceCatalog
  ) -> [Diagnostic] {
    guard state.isPasswordChosen == true, let engine = catalog.engine(resource.type),
      let problem = engine.problem(withPassword: state.resourcePassword, options: options)
    else { return [] }
    return [
      Diagnostic(
        .error, at: resource.location, "resource \(resource.name): \(problem)", suggestion: another)
    ]
  }

  /// Refuses a password that does not fit the resources that are deployed.
  /// - Throws: `DrydockError.usage` naming the first.
  package static func refuse(_ password: String, for state: InstanceState, in catalog: ResourceCatalog) throws
  {
    for (name, record) in state.resources.sorted(by: { $0.key < $1.key }) where record.externalURL == nil {
      let engine = catalog.engine(record.type)
      if let problem = engine?.problem(withPassword: password, options: record.options) {
        throw error(name, problem, .usage)
      }
    }
  }

  private static let another = "set another: drydock params set ResourcePassword=$(openssl rand -hex 16)"

  private static func error(_ name: String, _ problem: String, _ code: DrydockError.Code) -> DrydockError {
    DrydockError(
      code, "resource \(name): \(problem)",
      suggestion: another)
  }
}
