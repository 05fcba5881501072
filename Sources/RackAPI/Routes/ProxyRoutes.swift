import ConvoxEnvironment
import Emulator
import Engines
import NIOHTTP1

/// The data of `convox resources proxy`.
extension Rack {
  var proxyRoutes: [Route] {
    [
      .socket("/proxy/:host/:port") { request in
        let proxy = ProxyConversation(port: try destination(request["host"], request["port"]))
        return { try await proxy.run($0) }
      }
    ]
  }

  /// The port, if a resource that this machine runs listens there. Nothing else is reached through here, so that the
  /// rack is no way into anything but its own resources.
  func destination(_ host: String, _ port: String) throws -> Int {
    guard let number = Int(port), Gate.isLocal(host[...]), ownPorts.contains(number) else {
      throw HTTPFailure(.forbidden, "no resource of this rack listens at \(host):\(port)")
    }
    return number
  }

  /// The ports of all servers of drydock's own. A resource elsewhere, by a URL in the app env, is none of these.
  private var ownPorts: Set<Int> {
    let targets = context.store.apps().flatMap { lookup.targets(app: $0) } + lookup.createdTargets()
    let own = targets.filter { $0.engine?.server != nil && !$0.isExternal }
    return Set(own.compactMap { $0.url.flatMap(URLAddress.init)?.port })
  }
}
