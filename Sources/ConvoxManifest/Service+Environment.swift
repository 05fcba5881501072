extension Service {
  /// The values of the declared variables, with what is required and has none.
  ///
  /// An app env value beats every default, a later default an earlier one; `*` takes every key of the app env.
  /// A key that is required anywhere in the list lacks a value even where another item gives it a default.
  /// - Returns: The values, and the keys without one, sorted, as often as they are required.
  package func environmentValues(_ appEnvironment: [String: String]) -> (
    values: [String: String], missing: [String]
  ) {
    var values: [String: String] = [:]
    var missing: [String] = []
    for declaration in environment {
      switch declaration {
      case .everything: values.merge(appEnvironment) { $1 }
      case .defaulted(let key, let value): values[key] = appEnvironment[key] ?? value
      case .required(let key):
        if let value = appEnvironment[key] { values[key] = value } else { missing.append(key) }
      }
    }
    return (values, missing.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }
}

extension Manifest {
  /// Convox's error about required variables without a value (`required env: ALPHA, GLOBAL`), for the first
  /// service that lacks any; nil when none is missing.
  package func missingRequiredEnvironment(_ appEnvironment: [String: String]) -> Diagnostic? {
    for service in services {
      let missing = service.environmentValues(appEnvironment).missing
      guard let first = missing.first else { continue }
      return Diagnostic(
        .error, at: service.location, "required env: \(missing.joined(separator: ", "))",
        suggestion: "set them in the app env, or give a default: \(first)=value")
    }
    return nil
  }
}
