import DrydockBase
import MonotonicTime
import ServiceRouter

/// The routers of an instance's services, one a published port.
actor ServiceRouters: Traffic {
  private var routers: [String: ServiceRouter] = [:]

  /// None yet.
  init() {}

  /// Listens at a service's published ports; one that listens already goes on.
  /// - Throws: `RouterPortError`.
  func open(_ options: RouterOptions, port: Int) async throws {
    let service = options.service
    if let router = routers[service] {
      if router.port == port, router.securePort == options.secure?.port { return }
      routers[service] = nil
      await router.close()
    }
    routers[service] = try await ServiceRouter.listen(port: port, options)
  }

  func direct(
    _ service: String, to replicas: [ServiceReplica: ReplicaEndpoint], condition: ServiceCondition,
    detail: String?
  ) {
    guard let router = routers[service] else { return }
    router.setBackends(
      replicas.sorted { $0.key < $1.key }.map {
        Backend(id: $0.key.name, host: $0.value.host, port: $0.value.port)
      })
    router.setCondition(condition, detail: detail)
  }

  func drain(_ replica: ServiceReplica, until deadline: Deadline) async {
    _ = await routers[replica.service]?.drain(replica.name, until: deadline)
  }

  /// Closes all of them.
  func close() async {
    for router in routers.values { await router.close() }
    routers = [:]
  }
}
