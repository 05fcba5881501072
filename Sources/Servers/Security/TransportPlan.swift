package import AppState
import DrydockBase
package import Engines
package import Essentials
package import HealthProbes
package import MonotonicTime
package import Planning
package import TransportSecurity

/// What TLS asks of an `up`: which servers have to start again for it, and with which certificates.
package struct TransportPlan: Sendable {
  package let home: StateHome
  package let state: InstanceState
  /// The clock, for tests.
  package var now: @Sendable () -> Date = { Date() }

  /// - Parameter state: Records how each server was last proved; a server that differs is restarted.
  package init(home: StateHome, state: InstanceState, now: @escaping @Sendable () -> Date = { Date() }) {
    self.home = home
    self.state = state
    self.now = now
  }

  private var authority: LocalAuthority { LocalAuthority(home: home, now: now) }

  private func policy(_ spec: ResourceSpec) -> TransportPolicy {
    guard let server = spec.engine.server, spec.externalURL == nil else { return .plain }
    return server.transport(options: spec.options, forcesTLS: state.forcesTLS ?? false)
  }

  /// Why running servers have to start again, by resource. Changes nothing.
  package func restarts(_ specs: [ResourceSpec]) -> [String: String] {
    let fingerprint = authority.certificate?.fingerprint
    return specs.reduce(into: [:]) { $0[$1.name] = restart($1, fingerprint) }
  }

  private func restart(_ spec: ResourceSpec, _ fingerprint: String?) -> String? {
    let wanted = policy(spec)
    let served = state.resources[spec.name]?.transport
    guard let served, wanted != .plain else {
      return served?.policy ?? .plain == wanted ? nil : wanted == .plain ? "TLS is off" : "TLS is on"
    }
    if served.policy != wanted {
      return wanted == .required ? "refuses plain connections" : "takes plain connections again"
    }
    if served.authority != fingerprint { return "the certificate authority is another" }
    if served.expires <= now() + ServerCertificates.margin { return "its certificate expires soon" }
    return served.passwordHash == passwordHash(spec) ? nil : "its password changed"
  }

  /// Only a server without accounts has the app's password in its configuration.
  private func passwordHash(_ spec: ResourceSpec) -> String? {
    guard policy(spec) == .required, spec.engine.server?.accounts == nil else { return nil }
    return shortHash(state.resourcePassword)
  }

  /// Certificates for these resources' servers, those of the authority included, made where they are missing.
  package func prepare(_ specs: [ResourceSpec], until deadline: Deadline) async throws -> [String:
    TransportSetup]
  {
    let wanted = specs.filter { policy($0) != .plain }
    guard !wanted.isEmpty else { return [:] }
    let signing = try await authority.open(until: deadline)
    let certificates = ServerCertificates(home: home, id: state.id, now: now)
    var setups: [String: TransportSetup] = [:]
    for spec in wanted {
      let issued = try certificates.certificate(of: spec.name, by: signing)
      setups[spec.name] = TransportSetup(
        identity: issued,
        record: TransportRecord(
          policy: policy(spec), authorityFile: authority.certificateFile,
          authority: signing.certificate.fingerprint,
          expires: try Certificate(pem: issued.certificate).notAfter, passwordHash: passwordHash(spec)))
    }
    return setups
  }

  /// A launch of a server that runs, with the certificate that a start of it needs: what is recorded of it holds none, and
  /// without one its clients would find no TLS.
  package func completed(_ launch: Launch, until deadline: Deadline) async throws -> Launch {
    guard let setup = try await prepare([launch.spec], until: deadline)[launch.spec.name] else {
      return launch
    }
    var launch = launch
    var security = launch.request.security ?? setup.security
    security.identity = setup.identity
    launch.request.security = security
    return launch
  }
}

/// What one server is started with, and what is remembered of it once it is healthy.
package struct TransportSetup: Sendable {
  package let identity: KeyedCertificate
  package let record: TransportRecord

  package var security: ServerSecurity {
    ServerSecurity(policy: record.policy, authorityFile: record.authorityFile, identity: identity)
  }
}

extension Launch {
  /// Where a server without accounts is asked; with the app's password where it wants one.
  package var targetWithoutAccounts: ProbeTarget {
    ProbeTarget(
      host: "127.0.0.1", port: request.port,
      password: request.verifyingAuthority == nil ? "" : request.password,
      authorityFile: request.verifyingAuthority)
  }
}
