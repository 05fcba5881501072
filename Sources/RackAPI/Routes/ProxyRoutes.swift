import AppState
import ConvoxEnvironment
import Emulator
import Engines
import LocalServer
import NIOHTTP1
import PortForwarding
import Resources

/// The data of `convox resources proxy`.
extension Rack {
  var proxyRoutes: [Route] {
    [
      .socket("/proxy/:host/:port") { request in
        let proxy = ProxyConversation(destination: try destination(request["host"], request["port"]))
        return { try await proxy.run($0) }
      }
    ]
  }

  /// The resource whose address that is: one of this machine's own servers, or one elsewhere, by a URL in an app env.
  /// Nothing else is reached through here, so that the rack is no way into anything but its own resources; whether a
  /// server of drydock's listens at its port is asked when it is connected to.
  func destination(_ host: String, _ port: String) throws -> ForwardingDestination {
    let targets = context.store.apps().flatMap { lookup.targets(app: $0) } + lookup.createdTargets()
    guard let number = Int(port),
      let found = try own(host, number, targets) ?? elsewhere(host, number, targets)
    else {
      throw HTTPFailure(.forbidden, "no resource of this rack listens at \(host):\(port)")
    }
    return found
  }

  private func own(_ host: String, _ port: Int, _ targets: [ResourceTarget]) throws -> ForwardingDestination?
  {
    guard Gate.isLocal(host[...]) else { return nil }
    let servers = targets.filter { $0.engine?.server != nil && !$0.isExternal }
    let owner = servers.first { $0.url.flatMap(URLAddress.init)?.port == port }
    return try owner.map { try ForwardingDestination($0, tls: false, context: context) }
  }

  /// By the address alone, whole: the URL was set by somebody who has the rack's password, or this machine.
  private func elsewhere(
    _ host: String, _ port: Int, _ targets: [ResourceTarget]
  ) -> ForwardingDestination? {
    targets.lazy.filter { $0.isExternal }
      .compactMap { try? ForwardingDestination($0, tls: false, context: context) }
      .first { $0.port == port && $0.host.lowercased() == host.lowercased() }
  }
}
