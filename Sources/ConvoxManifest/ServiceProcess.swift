/// How a service's processes are run: the keys of a service that say so, with the defaults of AWS v2.
package struct ServiceProcess: Sendable, Hashable {
  /// `init:`, whether a process 1 reaps and forwards signals; nil where nothing is written, as v2 takes that for false,
  /// v3 for true.
  package var initProcess: Bool?
  /// `privileged:`.
  package var isPrivileged = false
  /// `singleton:`: never two of it at a time, so that a deploy ends the old one first.
  package var isSingleton = false
  /// `agent:`: one a host, with ports of the host's; nil for an ordinary service.
  package var agent: ServiceAgent?
  /// `termination.grace`: the seconds between SIGTERM and SIGKILL.
  package var grace = 30
  /// `deployment:`, in percent of the processes that are wanted; of no matter here.
  package var deployment: ServiceDeployment?

  /// All defaults.
  package init() {}
}

/// `agent:` of a service.
package struct ServiceAgent: Sendable, Hashable {
  /// The ports of the host that it listens at.
  package var ports: [TransportPort]

  /// An agent with these ports.
  package init(ports: [TransportPort] = []) {
    self.ports = ports
  }
}

/// `deployment:` of a service, in percent; nil for what is not written.
package struct ServiceDeployment: Sendable, Hashable {
  package var minimum: Int?
  package var maximum: Int?

  /// Bounds.
  package init(minimum: Int? = nil, maximum: Int? = nil) {
    self.minimum = minimum
    self.maximum = maximum
  }
}
