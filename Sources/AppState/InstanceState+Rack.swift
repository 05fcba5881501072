import ConvoxManifest

extension InstanceState {
  /// The app env that is kept for a rack; the local one without a name.
  package func appEnvironment(rack: String?) -> [String: String] {
    guard let rack else { return appEnvironment }
    return rackEnvironments?[rack] ?? [:]
  }

  /// Changes the app env that is kept for a rack; the local one without a name. An empty one is forgotten.
  package mutating func editAppEnvironment(rack: String?, _ edit: (inout [String: String]) -> Void) {
    guard let rack else { return edit(&appEnvironment) }
    var values = appEnvironment(rack: rack)
    edit(&values)
    var all = rackEnvironments ?? [:]
    all[rack] = values.isEmpty ? nil : values
    rackEnvironments = all.isEmpty ? nil : all
  }

  /// What to say of a rack for which nothing is kept; nil for one that is known and for the local app env.
  package func unknownRack(_ rack: String?) -> String? {
    guard let rack, rackEnvironments?[rack] == nil else { return nil }
    let known = (rackEnvironments ?? [:]).keys.sorted()
    let guess = nearest(to: rack, in: known).map { "did you mean \($0)? " } ?? ""
    let list = known.isEmpty ? "" : "there is \(known.joined(separator: ", ")); "
    return "no app env is kept for the rack \(rack), so that every variable is unset: \(guess)\(list)"
      + "set one: drydock env set KEY=value --rack \(rack)"
  }
}
