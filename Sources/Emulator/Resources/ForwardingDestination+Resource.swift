package import AppState
import ConvoxEnvironment
import DrydockBase
import Engines
package import PortForwarding
package import Resources
import Servers

extension ForwardingDestination {
  /// Where a resource is reached.
  ///
  /// A proxy listens at the resource's own port, as convox has it. That of a server on this machine is taken by
  /// the server itself: there the engine's standard port is what clients try by themselves.
  /// - Parameters:
  ///   - tls: Whether the proxy speaks TLS on its clients' behalf.
  ///   - context: Where the servers are, and the authority that signs their certificates.
  /// - Throws: `DrydockError` where the resource has no address, or none that TLS could be spoken with.
  package init(_ target: ResourceTarget, tls: Bool, context: DrydockContext) throws {
    let url = try target.requiredURL()
    if let endpoint = target.endpoint, target.isOwn, let standard = target.engine?.server?.standardPort {
      if tls { try Self.refuse(target) }
      let authority = LocalAuthority(home: context.home).certificateFile
      self.init(
        host: endpoint.host, port: endpoint.port, authorityFile: tls ? authority : nil, defaultPort: standard,
        server: Self.server(of: target, port: endpoint.port, context))
    } else {
      try self.init(url: url, target, tls: tls)
    }
  }

  /// Who has to listen at the port of a server of drydock's: a stranger may, once it is stopped.
  private static func server(of target: ResourceTarget, port: Int, _ context: DrydockContext)
    -> ExpectedServer
  {
    switch target.state.runtime {
    case .native:
      let (home, id) = (context.home, target.state.id)
      let layout = NativeLayout(
        folder: home.resource(target.name, of: id), sockets: home.socketFolder(target.name, of: id))
      return .process(layout.files)
    case .docker:
      let access = RuntimeAccess(context: context, state: target.state)
      let published = PublishedPort(port, of: target.name, access)
      return .run { try await published.run() }
    case nil:
      let name = target.name
      return .run { throw DrydockError(.failed, "\(name) never started") }
    }
  }

  /// A server elsewhere.
  private init(url: String, _ target: ResourceTarget, tls: Bool) throws {
    guard let address = URLAddress(url) else {
      throw DrydockError(.failed, "no host in the url of \(target.name): \(maskingPassword(inURL: url))")
    }
    if address.scheme == "udp" {
      throw DrydockError(
        .failed, "the proxy forwards TCP only, and \(target.name) takes udp: \(maskingPassword(inURL: url))")
    }
    let standard = target.engine?.server?.standardPort ?? Self.standardPorts[address.scheme ?? ""]
    guard let port = address.port ?? standard else {
      throw DrydockError(.failed, "unknown port for url: \(maskingPassword(inURL: url))")
    }
    if tls { try Self.refuse(target) }
    let authority = LocalAuthority.systemRootsFile
    if tls, authority == nil {
      throw DrydockError(.failed, "this system's certificates are nowhere to be found")
    }
    self.init(host: address.host, port: port, authorityFile: tls ? authority : nil)
    if isOnThisMachine, let standard { defaultPort = standard }
  }

  private static let standardPorts = ["http": 80, "https": 443, "tcp": 514, "tcp+tls": 6514]

  /// TLS from the first byte is what an encrypted redis takes; databases negotiate theirs in their own protocol.
  private static func refuse(_ target: ResourceTarget) throws {
    guard let server = target.engine?.server else { return }
    if server.accounts != nil {
      throw DrydockError(
        .failed, "\(target.name) negotiates TLS in the protocol of \(target.type), so that --tls cannot",
        suggestion: "leave --tls out: what its clients ask for passes through the proxy")
    }
    if target.isOwn, target.endpoint?.encrypted != true {
      throw DrydockError(
        .failed, "\(target.name) takes no TLS",
        suggestion: "leave --tls out, or set its option encrypted: true")
    }
  }
}

extension ResourceTarget {
  /// Whether it is a server of drydock's.
  var isOwn: Bool { engine != nil && !isExternal }
}
