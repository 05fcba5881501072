import AppState
import DrydockBase

/// A replica that runs, and where a command goes that is to run beside its program.
package struct ReplicaAccess: Sendable, Hashable, Codable {
  /// Where a command goes.
  package enum Place: Sendable, Hashable, Codable {
    /// To this machine.
    case process(ProcessPlace)
    /// Into a container, by its id.
    case container(String, hasTerminal: Bool)

    /// Whether the replica has a terminal.
    var hasTerminal: Bool {
      switch self {
      case .process(let place): place.hasTerminal
      case .container(_, let hasTerminal): hasTerminal
      }
    }
  }

  /// Which one.
  package var replica: ServiceReplica
  /// Where.
  package var place: Place
}

/// What a process of a service finds around it.
package struct ProcessPlace: Sendable, Hashable, Codable {
  /// Its current folder.
  package var folder: String
  /// All of its variables. Among them are passwords.
  package var environment: [String: String]
  /// The words in front of a command's own that mount the service's efs directories for it; empty for none.
  package var mounter: [String]
  /// Whether it has a terminal.
  package var hasTerminal: Bool
}

extension [ServiceStatus] {
  /// The replica that a name means: a replica of that name, else of the service the first one that is ready, else the first
  /// one that runs.
  /// - Throws: `DrydockError` saying which names there are, or why none of the service runs.
  func running(_ name: String) throws(DrydockError) -> ServiceReplica {
    let replica = ServiceReplica(name: name)
    guard let service = first(where: { $0.service == replica?.service ?? name }) else {
      throw UnknownName.error("started service", name, known: map(\.service))
    }
    let wanted = replica.map { replica in service.replicas.filter { $0.number == replica.number } }
    guard wanted?.isEmpty != true else {
      throw UnknownName.error(
        "replica of \(service.service)", name,
        known: service.replicas.map { "\(service.service).\($0.number)" })
    }
    let candidates = wanted ?? service.replicas
    let found = candidates.first { $0.state == .ready && $0.id != nil } ?? candidates.first { $0.id != nil }
    guard let found else { throw Self.notRunning(name, service, candidates) }
    return ServiceReplica(service: service.service, number: found.number)
  }

  private static func notRunning(
    _ name: String, _ service: ServiceStatus, _ replicas: [ReplicaStatus]
  ) -> DrydockError {
    guard let first = replicas.first else {
      return DrydockError(
        .failed, "\(name) is scaled to 0: nothing of it runs",
        suggestion:
          "drydock scale \(service.service)=1, or without it: drydock run \(service.service) -- COMMAND"
      )
    }
    let reason = [first.reason, first.lastEnd.map { "ended: \($0)" }].compactMap(\.self)
    return DrydockError(
      .failed, "\(name) does not run: \(([first.state.rawValue] + reason).joined(separator: ", "))",
      suggestion: "its output: drydock logs \(service.service)")
  }
}
