package import AppState
import DrydockBase

/// What the user wants of the runtime.
package enum RuntimeChoice: String, Sendable, Hashable, CaseIterable {
  /// Docker if it answers and every image is there, else native if every engine is found, else Docker by pulling.
  case auto
  /// Containers.
  case docker
  /// Processes of this machine.
  case native
}

extension RuntimeChoice {
  /// The runtime that was chosen; nil where that is left to drydock.
  package var kind: RuntimeKind? {
    switch self {
    case .auto: nil
    case .docker: .docker
    case .native: .native
    }
  }

  /// The choice of a runtime.
  package init(_ kind: RuntimeKind) {
    switch kind {
    case .docker: self = .docker
    case .native: self = .native
    }
  }

  /// The choice that `DRYDOCK_RUNTIME` makes; automatic where it is not set.
  /// - Throws: `DrydockError.usage` for a word that names none.
  package init(environment: [String: String]) throws {
    guard let named = environment["DRYDOCK_RUNTIME"], !named.isEmpty else {
      self = .auto
      return
    }
    guard let choice = RuntimeChoice(rawValue: named) else {
      throw DrydockError(
        .usage, "DRYDOCK_RUNTIME is \(named)", suggestion: "it takes auto, docker or native")
    }
    self = choice
  }
}
