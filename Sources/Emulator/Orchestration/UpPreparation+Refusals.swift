import AppState
import DrydockBase
import Engines
import Planning

extension UpPreparation {
  /// Data of one series is never served because the manifest now asks for another: that is the user's to decide.
  func refuseOtherSeries(_ specs: [ResourceSpec], _ observed: [String: Observation]) throws {
    for spec in specs where options.selected?.contains(spec.name) ?? true {
      guard let engine = spec.engine.server, spec.externalURL == nil, let record = state.resources[spec.name],
        let data = observed[spec.name]?.dataVersion, let wanted = ServerVersion(in: spec.version),
        let before = ServerVersion(in: record.wantedVersion),
        engine.versions.series(of: wanted) != engine.versions.series(of: before),
        !engine.canServe(data: data, with: wanted)
      else { continue }
      throw DrydockError(
        .dataMismatch,
        "resource \(spec.name): its data was made by \(spec.type) \(data), and "
          + "\(isApp ? "the manifest now asks for \(wanted)" : "version \(wanted) cannot serve it")",
        suggestion: "choose one:",
        details: isApp
          ? [
            "keep the old version: version: \"\(record.wantedVersion)\" in \(workspace.displayName)",
            "migrate: dump it while the old version runs, then start fresh and load the dump",
            "start fresh: drydock down \(spec.name) --delete-data",
          ]
          : [
            "stay with version=\(record.wantedVersion)",
            "migrate: create another resource with version=\(wanted), and load a dump of this one into it",
          ])
    }
  }

  /// Refuses names that no resource has, and ports of what listens on none.
  func refuseNames(_ declared: [ResourceSpec]) throws {
    let names = declared.map(\.name)
    for name in (options.selected ?? []).union(options.ports.keys).union(options.accepted).sorted()
    where !names.contains(name) {
      throw UnknownName.error("resource", name, known: names)
    }
    for spec in declared where options.ports[spec.name] != nil {
      guard spec.engine.server == nil || spec.externalURL != nil else { continue }
      let reason =
        spec.externalURL == nil ? "\(spec.type) has no server" : "a URL in the app env stands in for it"
      throw DrydockError(
        .usage, "resource \(spec.name) takes no port: \(reason)",
        suggestion: "leave out --port \(spec.name)=…")
    }
  }
}
