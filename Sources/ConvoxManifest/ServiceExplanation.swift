/// What a key of a service comes to on AWS and here: a line of `check --explain`.
package struct ServiceExplanation: Sendable, Hashable {
  /// The service's name.
  package var service: String
  /// The key, or what it sets.
  package var key: String
  /// The value in force; nil for none.
  package var value: String?
  /// Whether convox.yml has it.
  package var isWritten: Bool
  /// What AWS v2 does with it.
  package var aws: String
  /// What drydock does with it.
  package var here: String

  /// The lines of every service.
  package static func rows(_ manifest: Manifest) -> [ServiceExplanation] {
    manifest.services.flatMap { service in
      links(service, manifest) + routing(service) + ports(service) + scale(service) + process(service)
    }
  }

  private static func links(_ service: Service, _ manifest: Manifest) -> [ServiceExplanation] {
    service.links.map { name in
      let port = manifest.service(named: name)?.port?.number
      return ServiceExplanation(
        service: service.name, key: "links", value: "\(name): \(Resource.environmentPrefix(of: name))_URL",
        isWritten: true, aws: "https://A-\(name).ROUTERHOST, without port and slash; A is the app",
        here: "process: the router's http://127.0.0.1:PORT, https with --https; container: http://\(name)"
          + (port.map { ":\($0)" } ?? ", and no port"))
    }
  }

  private static func routing(_ service: Service) -> [ServiceExplanation] {
    guard let port = service.port else { return [] }
    let health = service.health
    func row(_ key: String, _ value: String, _ isWritten: Bool, _ aws: String, _ here: String)
      -> ServiceExplanation
    {
      ServiceExplanation(
        service: service.name, key: key, value: value, isWritten: isWritten, aws: aws, here: here)
    }
    var rows = [
      row(
        "port", port.text, true, "behind the balancer at 443; 80 redirects there",
        "a port of 127.0.0.1 that stays"),
      row(
        "health",
        "\(health.path) each \(health.interval) s, \(health.timeout) s to answer, grace \(health.grace) s",
        health != ServiceHealth(), "200-399 and 401 are healthy", "the same"),
      row(
        "sticky", "\(service.routing.isSticky)", !service.routing.isSticky, "a cookie of the balancer's",
        "a cookie of the router's where the scale is above 1"),
      row(
        "drain", "\(service.routing.drain) s", service.routing.drain != ServiceRouting().drain,
        "what is in flight has so long", "the same, at a scale down and a restart"),
    ]
    for domain in service.routing.domains {
      let isLocal = domain.lowercased().hasSuffix(".localhost")
      rows.append(
        row("domain", domain, true, "the balancer's host", isLocal ? "routed" : "listed, not routed"))
    }
    return rows
  }

  /// What it listens at besides `port:`.
  private static func ports(_ service: Service) -> [ServiceExplanation] {
    func row(_ key: String, _ ports: [String], _ aws: String) -> ServiceExplanation? {
      guard !ports.isEmpty else { return nil }
      return ServiceExplanation(
        service: service.name, key: key, value: ports.joined(separator: ", "), isWritten: true, aws: aws,
        here: "a port of 127.0.0.1 each that stays, by TCP; udp only within the app's network")
    }
    let listeners = service.listeners.map { "\($0.port)" + ($0.isEncrypted ? " by TLS" : "") }
    return [
      row("ports", service.ports.map(\.text), "ignored (v3: within the cluster)"),
      row("agent.ports", (service.process.agent?.ports ?? []).map(\.text), "ports of each host"),
      row("nlb", listeners, "ports of a network balancer"),
    ].compactMap(\.self)
  }

  private static func scale(_ service: Service) -> [ServiceExplanation] {
    let scaling = service.scaling
    let count =
      scaling.count.min == scaling.count.max
      ? "\(scaling.count.min)" : "\(scaling.count.min)-\(scaling.count.max)"
    return [
      ServiceExplanation(
        service: service.name, key: "scale.count", value: count, isWritten: service.scale != nil,
        aws: "at the first deploy; then convox scale's", here: "at the first start; then drydock scale's"),
      ServiceExplanation(
        service: service.name, key: "scale.cpu", value: "\(scaling.cpu)",
        isWritten: scaling.cpu != ServiceScaling().cpu,
        aws: "shares, 1024 for a processor", here: "shares in containers, no limit"),
      ServiceExplanation(
        service: service.name, key: "scale.memory", value: "\(scaling.memory) MB",
        isWritten: scaling.isMemoryWritten,
        aws: "a limit: what goes beyond is killed",
        here: scaling.isMemoryWritten ? "a limit in containers" : "no limit, except with --aws-limits"),
    ]
  }

  private static func process(_ service: Service) -> [ServiceExplanation] {
    let process = service.process
    let isInit = process.initProcess
    return [
      ServiceExplanation(
        service: service.name, key: "init", value: isInit.map { "\($0)" }, isWritten: isInit != nil,
        aws: isInit == nil ? "false (v3: true)" : "the same",
        here: isInit == false ? "no init in containers" : "on in containers, so that a stop is quick"),
      ServiceExplanation(
        service: service.name, key: "termination.grace", value: "\(process.grace) s",
        isWritten: process.grace != ServiceProcess().grace, aws: "from SIGTERM to SIGKILL", here: "the same"),
    ]
  }
}
