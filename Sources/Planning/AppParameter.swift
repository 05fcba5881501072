import AppState
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase

/// A parameter of the app's stack on AWS that matters to its resources.
package enum AppParameter: String, Sendable, Hashable, CaseIterable {
  /// Whether RDS upgrades minor versions in the maintenance window.
  case autoMinorVersionUpgrade = "AutoMinorVersionUpgrade"
  /// The password of all resources.
  case resourcePassword = "ResourcePassword"

  /// The parameter of that name.
  /// - Throws: `DrydockError.usage` with the nearest name.
  package static func named(_ name: String) throws -> AppParameter {
    if let parameter = AppParameter(rawValue: name) { return parameter }
    let known = allCases.map(\.rawValue)
    let guess = nearest(to: name, in: known).map { "did you mean \($0)? " } ?? ""
    throw DrydockError(
      .usage, "no such app parameter: \(name)",
      suggestion: "\(guess)drydock keeps \(known.joined(separator: " and "))")
  }

  /// Refuses a value that the parameter does not take, whatever the app's resources are.
  /// - Throws: `DrydockError.usage`, which never shows a password.
  package func check(_ value: String) throws {
    switch self {
    case .autoMinorVersionUpgrade:
      guard value == "true" || value == "false" else {
        throw DrydockError(.usage, "\(rawValue) takes true or false, not \(value)")
      }
    case .resourcePassword:
      guard let problem = PasswordRule.problem(with: value) else { return }
      throw DrydockError(.usage, "\(rawValue) \(problem)", suggestion: "for example: openssl rand -hex 16")
    }
  }
}

extension InstanceState {
  /// Whether RDS would upgrade minor versions by itself.
  package var upgradesMinorVersions: Bool {
    parameters?[AppParameter.autoMinorVersionUpgrade.rawValue] != "false"
  }

  /// Every app parameter with its value. A password that was set is masked, as AWS masks it; one that drydock
  /// made is empty, as the parameter is on AWS.
  package var shownParameters: [String: String] {
    [
      AppParameter.autoMinorVersionUpgrade.rawValue: upgradesMinorVersions ? "true" : "false",
      AppParameter.resourcePassword.rawValue: isPasswordChosen == true ? "****" : "",
    ]
  }

  /// The app parameters of an app that never set any.
  package static let defaultParameters = InstanceState(
    id: "", handle: "", app: "", path: "", resourcePassword: ""
  ).shownParameters

  /// Takes a value that was checked.
  package mutating func set(_ parameter: AppParameter, to value: String) {
    switch parameter {
    case .autoMinorVersionUpgrade:
      parameters = (parameters ?? [:]).merging([parameter.rawValue: value]) { $1 }
    case .resourcePassword:
      resourcePassword = value
      isPasswordChosen = true
    }
  }
}
