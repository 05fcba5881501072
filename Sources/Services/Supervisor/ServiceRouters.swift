import DrydockBase
import MonotonicTime
import ServiceRouter

/// The routers of an instance's services, one a published port; http's has that for https besides.
actor ServiceRouters: Traffic {
  /// What a router leads to.
  struct Target: Hashable {
    var service: String
    /// Which of its further ports; nil for that of `port:`.
    var further: Int?
  }

  /// Where a router is to listen, and how.
  struct Opening: Sendable {
    var further: Int?
    var port: Int
    var options: RouterOptions
  }

  private var routers: [Target: ServiceRouter] = [:]

  /// None yet.
  init() {}

  /// Listens at a service's published ports, and at no others; what listens already goes on.
  /// - Throws: `RouterPortError`.
  func open(_ openings: [Opening], of service: String) async throws {
    let targets = Set(openings.map { Target(service: service, further: $0.further) })
    for (target, router) in routers where target.service == service && !targets.contains(target) {
      routers[target] = nil
      await router.close()
    }
    for opening in openings { try await open(opening, of: service) }
  }

  private func open(_ opening: Opening, of service: String) async throws {
    let target = Target(service: service, further: opening.further)
    if let router = routers[target] {
      if router.port == opening.port, router.securePort == opening.options.secure?.port { return }
      routers[target] = nil
      await router.close()
    }
    routers[target] = try await ServiceRouter.listen(port: opening.port, opening.options)
  }

  func direct(
    _ service: String, further: Int?, to replicas: [ServiceReplica: ReplicaEndpoint],
    condition: ServiceCondition, detail: String?
  ) {
    guard let router = routers[Target(service: service, further: further)] else { return }
    router.setBackends(
      replicas.sorted { $0.key < $1.key }.map {
        Backend(id: $0.key.name, host: $0.value.host, port: $0.value.port)
      })
    router.setCondition(condition, detail: detail)
  }

  func drain(_ replica: ServiceReplica, until deadline: Deadline) async {
    await withDiscardingTaskGroup { group in
      for (target, router) in routers where target.service == replica.service {
        group.addTask { _ = await router.drain(replica.name, until: deadline) }
      }
    }
  }

  /// Closes all of them.
  func close() async {
    for router in routers.values { await router.close() }
    routers = [:]
  }
}
