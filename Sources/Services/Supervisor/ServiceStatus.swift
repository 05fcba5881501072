package import Essentials

/// What a supervisor knows of a service: the model of `ps` and of the control socket.
package struct ServiceStatus: Sendable, Hashable, Codable {
  /// The app; nil where it is told otherwise.
  package var app: String?
  /// The service's name.
  package var service: String
  /// How it runs.
  package var kind: ServiceKind
  /// How many replicas are wanted.
  package var desired: Int
  /// Where it is reached: the router's address; nil for a service without a port.
  package var url: String?
  /// Where http sends to that by a redirect; nil for a service that is not reached by https of drydock's.
  package var plainURL: String?
  /// The same for browsers, by a name of its own; nil for a service that none would ask.
  package var browserURL: String?
  /// Where its further ports are reached; nil for a service without any.
  package var ports: [PublishedPort]?
  /// Its replicas, by number.
  package var replicas: [ReplicaStatus]

  /// How many replicas are ready.
  package var readyCount: Int { replicas.count { $0.state == .ready } }
}

/// Where a port of a service's is reached that is not that of `port:`.
package struct PublishedPort: Sendable, Hashable, Codable {
  /// The port that its program binds.
  package var port: Int
  /// The router's address, `127.0.0.1:15000`.
  package var address: String

  /// As a person says it.
  package var text: String { "\(port) at \(address)" }

  /// A port.
  package init(port: Int, address: String) {
    self.port = port
    self.address = address
  }
}

/// How a service runs.
package enum ServiceKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// As processes of this machine.
  case process
  /// In containers.
  case container
}

/// What a supervisor knows of a replica.
package struct ReplicaStatus: Sendable, Hashable, Codable {
  /// Its number, from 1.
  package var number: Int
  /// What it does.
  package var state: ReplicaState
  /// What it waits for, or why it is not ready; nil for nothing.
  package var reason: String?
  /// The process's number, or the beginning of the container's id; nil where it does not run.
  package var id: String?
  /// When it was started last.
  package var startedAt: Date?
  /// Its own port on 127.0.0.1; nil for a service without a port.
  package var port: Int?
  /// How often it was started again after an end.
  package var restarts = 0
  /// How it ended last.
  package var lastEnd: String?
}

/// What a replica does.
package enum ReplicaState: String, Sendable, Hashable, Codable {
  /// It waits for others to be ready.
  case waiting
  /// It was started and is not ready yet.
  case starting
  /// Its port answers, or it is still there after a second.
  case ready
  /// It was ready, and its health check fails.
  case unhealthy
  /// It ended, and is started again after a pause.
  case restarting
  /// The same, five times in a minute.
  case crashLoop = "crash-loop"
  /// It is being stopped.
  case stopping
}
