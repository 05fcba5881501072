/// A service as it is to run here: what the manifest says, joined with what was decided for this machine.
package struct ServiceSpec: Sendable, Hashable {
  /// How many replicas a service may have here.
  package static let replicaLimit = 100

  /// What is wrong with a number of replicas; nil for nothing.
  package static func problem(withCount count: Int) -> String? {
    // Convox's own words for what AWS answers.
    if count < 0 { return "Task count can not be lesser than 0" }
    return count > replicaLimit ? "a service has \(replicaLimit) replicas here at most" : nil
  }

  /// Its name.
  package var name: String
  /// How it runs.
  package var kind: ServiceKind
  /// The port that the program binds; nil for a service without one.
  package var port: Int?
  /// What it binds besides, by TCP.
  package var furtherPorts: [Int] = []
  /// How its health is asked for.
  package var health: HealthRule
  /// How many replicas are wanted.
  package var count: Int
  /// The services that have to be ready before it is started: those of its `links:` that are started too.
  package var waitsFor: [String]
  /// How long a replica has between SIGTERM and SIGKILL.
  package var grace: Duration
  /// How long a replica that is taken out of service has for the requests under way.
  package var drain: Duration
  /// Whether the old replica has to be gone before a new one is started.
  package var isSingleton: Bool

  /// A service.
  package init(
    name: String, kind: ServiceKind, port: Int? = nil, health: HealthRule = HealthRule(), count: Int = 1,
    waitsFor: [String] = [], grace: Duration = .seconds(30), drain: Duration = .seconds(30),
    isSingleton: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.port = port
    self.health = health
    self.count = count
    self.waitsFor = waitsFor
    self.grace = grace
    self.drain = drain
    self.isSingleton = isSingleton
  }
}

/// How a replica is asked whether it is healthy.
package struct HealthRule: Sendable, Hashable {
  /// The path of the request; nil where a port that accepts is enough, as for grpc.
  package var path: String?
  /// Whether it is asked over TLS, as it speaks that itself.
  package var speaksTLS = false
  /// How long it may take to become healthy before it is called unhealthy.
  package var grace: Duration
  /// The pause between two checks of one that is ready.
  package var interval: Duration
  /// How long an answer may take.
  package var timeout: Duration

  /// A rule; Convox's defaults.
  package init(
    path: String? = "/", grace: Duration = .seconds(5), interval: Duration = .seconds(5),
    timeout: Duration = .seconds(4)
  ) {
    self.path = path
    self.grace = grace
    self.interval = interval
    self.timeout = timeout
  }
}
