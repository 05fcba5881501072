import AppState
import Containers
import DockerEngine
import DrydockBase
import MonotonicTime
import Resources
import Servers

/// Puts the servers of created resources into the networks of the apps that they are linked to, under their
/// names, and takes them out of those of other apps.
///
/// The links are the truth, and networks follow them whenever an app or a resource comes up or a link changes. So
/// nothing is lost by a network that is not there yet, or by an engine that does not answer at the moment.
struct LinkedNetworks: Sendable {
  let context: DrydockContext

  private var soon: Deadline { .after(InstanceContainers.callLimit) }

  /// The created resources in Docker that an app is linked to; of a created resource, it alone.
  private func servers(of state: InstanceState) -> [InstanceState] {
    let all = state.created == nil ? LinkedResources(context: context).servers(of: state) : [state]
    return all.filter { $0.runtime == .docker }
  }

  /// Makes an app's network where only linked resources are going to be in it. Its lock has to be held.
  func prepare(_ app: InstanceState, _ runtime: any Runtime) async throws {
    guard app.created == nil, runtime.kind == .docker, !servers(of: app).isEmpty else { return }
    try await runtime.prepareInstance()
  }

  /// Brings the networks in line with the links of an app or of a created resource. What fails is told: all else
  /// works without it.
  func settle(_ state: InstanceState, _ notice: (String) -> Void) async throws {
    let servers = servers(of: state)
    guard !servers.isEmpty else { return }
    let client: DockerClient
    do {
      client = try await DockerAccess(environment: context.environment).connect()
    } catch let error as DrydockError where error.code == .unavailable {
      // Nothing runs there then, and whatever starts comes by here.
      return
    }
    for server in servers {
      do {
        try await settle(server, client)
      } catch let error as CancellationError {
        throw error
      } catch {
        let reason = DrydockError(error, resource: server.handle).message
        notice("containers of linked apps may not reach \(server.handle): \(reason)")
      }
    }
  }

  private func settle(_ server: InstanceState, _ client: DockerClient) async throws {
    let names = ResourceNames(id: server.id, state: server)
    let name = names.container(server.handle)
    guard let container = try await client.inspectContainer(name, until: soon) else { return }
    let wanted = networks(of: server)
    for network in container.networks.keys.sorted() where network != names.network {
      guard !wanted.contains(network) else { continue }
      let found = try await client.inspectNetwork(network, until: soon)
      // One that the user attached it to is the user's business.
      guard found == nil || found?.labels[ContainerNames.instanceLabel] != nil else { continue }
      try await change(container, network, isMember: false, client) {
        try await client.disconnect(name, from: network, until: soon)
      }
    }
    for network in wanted where container.networks[network] == nil {
      guard try await client.inspectNetwork(network, until: soon) != nil else { continue }
      try await change(container, network, isMember: true, client) {
        let attachment = NetworkAttachment(network, aliases: [server.handle])
        try await client.connect(name, to: attachment, until: soon)
      }
    }
  }

  /// The networks of the linked apps, but for those with a resource of the same name: two would answer to it.
  private func networks(of server: InstanceState) -> [String] {
    let links = server.created?.links ?? []
    let survey = context.store.survey()
    let apps = survey.instances.filter { app in
      links.contains(app.id) && app.resources[server.handle].map(\.isRemoved) != false
    }
    // An app whose state cannot be read keeps what it has.
    let ids = apps.map(\.id) + survey.unread.map(\.id).filter(links.contains)
    return ids.map { ResourceNames(id: $0).network }
  }

  /// Does what another command may be doing at the same time: who comes second finds it done.
  private func change(
    _ container: ContainerDetails, _ network: String, isMember: Bool, _ client: DockerClient,
    by action: () async throws -> Void
  ) async throws {
    do {
      try await action()
    } catch let error as DockerError {
      let now = try await client.inspectContainer(container.id, until: soon)
      guard (now?.networks[network] != nil) == isMember else { throw error }
    }
  }
}
