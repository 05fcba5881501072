extension AppEnvironment {
  /// What became of one app env in another, as a rack describes a release: `add:A change:B remove:C`, each sorted; empty
  /// for no difference. It names variables, and tells no value.
  package static func difference(from before: [String: String], to after: [String: String]) -> String {
    let added = after.keys.filter { before[$0] == nil }
    let changed = after.keys.filter { name in before[name].map { $0 != after[name] } ?? false }
    let removed = before.keys.filter { after[$0] == nil }
    return [("add", added), ("change", changed), ("remove", removed)].flatMap { word, names in
      names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(word):\($0)" }
    }.joined(separator: " ")
  }
}
