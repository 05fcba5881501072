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

  /// What to do about required variables without a value: where values are looked up surprises those who keep them
  /// elsewhere.
  package static func remedy(forMissing names: [String]) -> String {
    // Who lists a variable twice sets it once, and an empty item is none.
    let assignments = Set(names).subtracting([""]).sorted().map { "\($0)=…" }.joined(separator: " ")
    guard !assignments.isEmpty else { return "an item of environment: is empty: remove it" }
    return
      "set them: drydock env set \(assignments), or give a default; values come from the app env and --env-file, "
      + "not from the shell, nor from a .env, which drydock env set --from .env takes over"
  }
}

extension Manifest {
  /// Convox's error about required variables without a value (`required env: ALPHA, GLOBAL`), for the first
  /// service that lacks any, at the item that declares the first of them; nil when none is missing.
  package func missingRequiredEnvironment(_ appEnvironment: [String: String]) -> Diagnostic? {
    for service in services {
      let missing = service.environmentValues(appEnvironment).missing
      guard let first = missing.first else { continue }
      return Diagnostic(
        .error, at: requirement(of: first, in: service), "required env: \(missing.joined(separator: ", "))",
        suggestion: Service.remedy(forMissing: missing))
    }
    return nil
  }
}
