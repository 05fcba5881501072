import DockerEngine
import DrydockBase
import Synchronization

/// Says by which run a resource's container has its port.
///
/// A proxy of the Docker engine's holds the port, so that the kernel cannot tell whose it is. The engine can: it holds the
/// port from the start of a run to its end, and nobody else can listen there meanwhile.
package final class PublishedPort: Sendable {
  private let port: Int
  private let resource: String
  private let access: RuntimeAccess
  /// Kept, as the search for an engine takes longer than all that it is asked.
  private let runtime = Mutex<ContainerRuntime?>(nil)

  /// Asks nobody yet: the engine is looked for when `run()` is first called.
  package init(_ port: Int, of resource: String, _ access: RuntimeAccess) {
    self.port = port
    self.resource = resource
    self.access = access
  }

  /// The run that has the port at this moment.
  /// - Throws: `DrydockError` where the container does not run or does not publish the port, or nobody can tell.
  package func run() async throws -> String {
    let runtime = try await connected()
    let name = runtime.names.container(resource)
    guard let container = try await runtime.client.inspectContainer(name, until: runtime.soon),
      container.state.isRunning
    else { throw DrydockError(.failed, "the container of \(resource) does not run") }
    guard container.publishedPorts.contains(where: { $0.hostPort == port }) else {
      throw DrydockError(.failed, "the container of \(resource) does not publish port \(port)")
    }
    return "\(container.id) \(container.state.startedAt ?? "")"
  }

  private func connected() async throws -> ContainerRuntime {
    if let runtime = runtime.withLock({ $0 }) { return runtime }
    let found = try await access.docker()
    runtime.withLock { $0 = found }
    return found
  }
}
