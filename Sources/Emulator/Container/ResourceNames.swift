import AppState
import Containers

/// What the Docker objects of an instance's resources are called: by the names under which their data was made.
struct ResourceNames: Sendable {
  /// The names of the instance's objects.
  let instance: ContainerNames
  /// What is recorded of the instance; nil where no resource of it can have been renamed.
  private let state: InstanceState?

  init(id: String, state: InstanceState? = nil) {
    self.instance = ContainerNames(id: id)
    self.state = state
  }

  /// The label of a volume with the version of the server that made the data; on images, of the server inside.
  static let versionLabel = "dev.drydock.version"
  /// The label of an image with the type that it serves.
  static let engineLabel = "dev.drydock.engine"
  /// The label that holds the resource's name.
  static let resourceLabel = ContainerKind.resource.label

  /// What the server that last served a resource's data said of its version; nil where that is not recorded.
  func servedVersion(_ resource: String) -> String? { state?.resources[resource]?.dataVersion }

  /// The name under which a resource's container and volume are kept.
  func stored(_ resource: String) -> String { state?.storage(of: resource) ?? resource }
  func container(_ resource: String) -> String { state?.containerName(of: resource) ?? volume(resource) }
  /// Called as containers once were.
  func volume(_ resource: String) -> String { instance.container(stored(resource), .resource) }
  var network: String { instance.network }

  /// The labels of an object of the instance as a whole.
  var labels: [String: String] { instance.labels }

  /// The labels of a resource's object.
  func labels(_ resource: String) -> [String: String] { instance.labels(stored(resource), .resource) }
}
