import AppState
import Containers
import DockerEngine
import DrydockBase
import MonotonicTime
import NativeProcess

/// What the services of an instance that run in containers have in common, made when the first one is prepared: the way to
/// the engine, the network, the leash.
actor ContainerSite {
  private let context: DrydockContext
  private let id: String
  private let keeper: Keeper
  private let leash: Leash?
  private let leashName: String
  private var images: [String: String] = [:]
  private var opened: (containers: InstanceContainers, leash: ContainerLeash?)?

  /// - Parameter leashName: The folder for what the leash keeps, below that of the services.
  init(context: DrydockContext, id: String, keeper: Keeper, leash: Leash?, leashName: String = "leash") {
    self.leashName = leashName
    self.context = context
    self.id = id
    self.keeper = keeper
    self.leash = leash
  }

  /// The instance's containers, and what removes them whatever happens to the supervisor.
  func open() async throws -> (containers: InstanceContainers, leash: ContainerLeash?) {
    if let opened { return opened }
    let client = try await DockerAccess(environment: context.environment).connect()
    let containers = InstanceContainers(client: client, names: ContainerNames(id: id))
    try await containers.makeNetwork()
    let result = (containers, try await hold(client))
    opened = result
    return result
  }

  /// The images of services as they were prepared last, by service: a hook runs what the service is going to run, whatever
  /// has changed in the app's folder meanwhile.
  func image(of service: String) -> String? { images[service] }

  /// Keeps the images of services.
  func keep(_ images: [String: String]) { self.images.merge(images) { $1 } }

  /// Lets go once no container runs any more.
  func close() async {
    await opened?.leash?.stop()
    opened = nil
  }

  private func hold(_ client: DockerClient) async throws -> ContainerLeash? {
    guard let leash else { return nil }
    let folder = ServiceFolder(home: context.home, id: id).path + "/\(leashName)"
    try Folder.make(folder, mode: 0o700)
    return try await ContainerLeash.start(
      keeper, folder: folder, engineSocket: client.endpoint.socketPath, leash: leash,
      until: .after(.seconds(20)))
  }
}
