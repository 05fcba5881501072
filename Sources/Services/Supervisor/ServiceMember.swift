import ServiceRouter

/// A service that is ready to be supervised.
package struct PreparedService: Sendable {
  /// What it is.
  package var spec: ServiceSpec
  /// What starts its replicas.
  package var runner: any ReplicaRunner
  /// Where it is reached: the router's address; nil for a service without a port.
  package var url: String?
  /// The same for browsers, by a name of its own; nil for a service that none would ask.
  package var browserURL: String?
  /// Where http sends to that by a redirect; nil for a service that is not reached by https of drydock's.
  package var plainURL: String?
  /// Where its further ports are reached; nil for a service without any.
  package var ports: [PublishedPort]?

  /// A service with its runner.
  package init(spec: ServiceSpec, runner: any ReplicaRunner, url: String? = nil, browserURL: String? = nil) {
    self.spec = spec
    self.runner = runner
    self.url = url
    self.browserURL = browserURL
  }
}

extension PreparedService {
  /// That a replica is ready, and where the service is reached.
  var readiness: String {
    let browser = browserURL.map { ", in browsers \($0)" } ?? ""
    let further = (ports ?? []).map { ", port \($0.text)" }.joined()
    return "ready" + (url.map { " at \($0)\(browser)" } ?? "") + further
  }
}

/// What the supervisor keeps of a service.
struct ServiceMember: Sendable {
  var service: PreparedService
  var replicas: [Int: ReplicaEntry] = [:]

  /// What it is, with the number of replicas that is wanted now.
  var spec: ServiceSpec {
    get { service.spec }
    set { service.spec = newValue }
  }
}

extension ServiceMember {
  /// What whoever asks for the service is told while no replica is ready.
  var condition: ServiceCondition {
    guard spec.count > 0 else { return .scaledToZero }
    let states = replicas.values.map(\.status.state)
    if states.contains(.ready) { return .running }
    if states.contains(.crashLoop) { return .crashLooping }
    if states.contains(.restarting) { return .restarting }
    return .starting
  }

  /// Why no replica is ready, as the first one has it: how it ended, or what its health check met.
  var detail: String? {
    let first = replicas.sorted { $0.key < $1.key }.map(\.value.status).first { $0.state != .ready }
    return first.flatMap { $0.lastEnd.map { "ended: \($0)" } ?? $0.reason }
  }
}
