import AppState
import ConvoxEnvironment
import Emulator
import Engines
import LocalServer
import NIOHTTP1
import PortForwarding

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

  /// The resource whose port that is, of those that this machine runs. Nothing else is reached through here, so that the
  /// rack is no way into anything but its own resources; whether its own server listens there is asked when it is
  /// connected to.
  func destination(_ host: String, _ port: String) throws -> ForwardingDestination {
    guard let number = Int(port), Gate.isLocal(host[...]),
      let owner = ownServers.first(where: { $0.url.flatMap(URLAddress.init)?.port == number })
    else {
      throw HTTPFailure(.forbidden, "no resource of this rack listens at \(host):\(port)")
    }
    return try ForwardingDestination(owner, tls: false, context: context)
  }

  /// All servers of drydock's own. A resource elsewhere, by a URL in the app env, is none of these.
  private var ownServers: [ResourceTarget] {
    let targets = context.store.apps().flatMap { lookup.targets(app: $0) } + lookup.createdTargets()
    return targets.filter { $0.engine?.server != nil && !$0.isExternal }
  }
}
