package import AppState
import Engines

/// Running servers whose version was changed in the manifest: the plan says so, and then it has to be done.
package enum VersionRestarts {
  /// Why they have to start again, by resource.
  package static func reasons(
    _ specs: [ResourceSpec], records: [String: ResourceRecord], observed: [String: Observation]
  ) -> [String: String] {
    specs.reduce(into: [:]) { reasons, spec in
      guard spec.externalURL == nil, let engine = spec.engine.server, let record = records[spec.name],
        record.wantedVersion != spec.version, observed[spec.name]?.isRunning == true,
        let running = record.version.flatMap(ServerVersion.init(in:)),
        let wanted = ServerVersion(in: spec.version), !running.satisfies(wanted),
        // What cannot serve the data is refused, with the ways out.
        record.standIn != nil || engine.canServe(data: running, with: wanted)
      else { return }
      reasons[spec.name] = "version \(wanted) is wanted now"
    }
  }
}

extension Plan {
  /// The plan without restarts for another version that would bring the same server back.
  package func leavingOutVainRestarts(
    _ reasons: [String: String], sources: [String: ServerSource], records: [String: ResourceRecord]
  ) -> Plan {
    var plan = self
    for (index, item) in items.enumerated()
    where item.action == .start && item.reason == reasons[item.resource] {
      guard let record = records[item.resource], let source = sources[item.resource],
        let version = source.version, version.description == record.version, source.standIn == record.standIn
      else { continue }
      plan.items[index].action = .verify
      plan.items[index].reason = "already running"
    }
    return plan
  }
}
