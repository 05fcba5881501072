import ConvoxManifest

extension ServiceSpec {
  /// A service of the manifest.
  /// - Parameter started: The services that are started with it, with their links.
  init(_ service: Service, kind: ServiceKind, count: Int, started: [String: [String]]) {
    let scheme = service.port?.scheme
    // grpc is not spoken here: that the port accepts has to do.
    let asksForPath = scheme?.isHTTP == true && !service.health.isDisabled
    self.init(
      name: service.name, kind: kind, port: service.port?.number,
      health: HealthRule(
        path: asksForPath ? service.health.path : nil, grace: .seconds(service.health.grace),
        interval: .seconds(max(1, service.health.interval)), timeout: .seconds(max(1, service.health.timeout))
      ),
      count: count,
      waitsFor: service.links.filter {
        started[$0] != nil && !Self.leads(started, from: $0, to: service.name)
      },
      grace: .seconds(service.process.grace), drain: .seconds(service.routing.drain),
      isSingleton: service.process.isSingleton)
    furtherPorts = service.furtherPorts
    health.speaksTLS = scheme == .https
  }

  /// Whether links lead from one service to another, or to itself: those that link each other would wait for ever.
  static func leads(_ links: [String: [String]], from start: String, to end: String) -> Bool {
    var open = [start]
    var seen: Set<String> = []
    while let name = open.popLast() {
      if name == end { return true }
      if seen.insert(name).inserted { open += links[name] ?? [] }
    }
    return false
  }
}
