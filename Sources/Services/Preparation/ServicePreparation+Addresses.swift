import AppState
import ConvoxManifest
import Essentials
import MonotonicTime
import Servers
import ServiceRouter
import TransportSecurity

/// Where services are reached.
extension ServicePreparation {
  /// The addresses of services from this machine.
  func urls(_ records: ServiceRecords, _ manifest: Manifest) -> [String: String] {
    records.urls(manifest, speaksTLS: options.speaksTLS)
  }

  /// The address at which browsers keep apart what belongs to different services: they take every name below `localhost` for
  /// this machine, which programs do not.
  func browserURL(_ service: Service, _ url: String?, _ state: InstanceState) -> String? {
    guard service.port?.scheme == .http else { return nil }
    return url?.replacing("127.0.0.1", with: Self.hostName(service, state))
  }

  /// The address beside that of https.
  func plainURL(_ record: ServiceRecord) -> String? {
    guard options.speaksTLS, record.securePort != nil else { return nil }
    return record.port.map { "http://127.0.0.1:\($0)" }
  }

  private static func hostName(_ service: Service, _ state: InstanceState) -> String {
    "\(service.name).\(state.handle).localhost"
  }

  /// What listens at a service's published ports.
  func openRouters(_ service: Service, _ record: ServiceRecord, _ state: InstanceState) async throws {
    var openings: [ServiceRouters.Opening] = []
    if let port = record.port {
      let options = try await routerOptions(service, record, state)
      openings.append(ServiceRouters.Opening(port: port, options: options))
    }
    for (further, port) in (record.ports ?? [:]).sorted(by: { $0.key < $1.key }) {
      var options = RouterOptions(service: service.name)
      options.mode = .tcp
      openings.append(ServiceRouters.Opening(further: further, port: port, options: options))
    }
    try await routers.open(openings, of: service.name)
  }

  private func routerOptions(
    _ service: Service, _ record: ServiceRecord, _ state: InstanceState
  ) async throws -> RouterOptions {
    var router = RouterOptions(service: service.name)
    router.mode = service.port?.scheme == .http ? .http : .tcp
    router.isSticky = service.routing.isSticky
    if options.speaksTLS, let secure = record.securePort {
      router.secure = RouterOptions.SecurePort(port: secure, identity: try await identity(of: service, state))
    }
    return router
  }

  /// A certificate of drydock's own authority, which never touches the disk.
  private func identity(of service: Service, _ state: InstanceState) async throws -> KeyedCertificate {
    let name = Self.hostName(service, state)
    let authority = try await LocalAuthority(home: context.home).open(until: .after(.seconds(30)))
    // Those that are routed here; others are AWS's.
    let domains = service.routing.domains.filter { $0.lowercased().hasSuffix(".localhost") }
    return try authority.issue(
      // RFC 5280 gives a common name 64 characters.
      name: String(name.prefix(64)), hosts: [name, "localhost", "127.0.0.1"] + domains, now: Date())
  }

  /// Whether a service that another one links is reached by TLS.
  static func leadsToTLS(_ service: Service, _ urls: [String: String]) -> Bool {
    service.links.contains { urls[$0]?.hasPrefix("https:") ?? false }
  }
}
