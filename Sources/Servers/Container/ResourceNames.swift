package import AppState
package import Containers

/// What the Docker objects of an instance's resources are called: by the names under which their data was made.
package struct ResourceNames: Sendable {
  /// The names of the instance's objects.
  package let instance: ContainerNames
  /// What is recorded of the instance; nil where no resource of it can have been renamed.
  private let state: InstanceState?

  /// - Parameter state: Needed where a resource may have been renamed, or has a container name on record.
  package init(id: String, state: InstanceState? = nil) {
    self.instance = ContainerNames(id: id)
    self.state = state
  }

  /// The label of a volume with the version of the server that made the data; on images, of the server inside.
  package static let versionLabel = "dev.drydock.version"
  /// The label of a volume that was filled from an image with data, and had its accounts before a server had it: that image.
  package static let filledLabel = "dev.drydock.filled"
  /// The label of an image with the type that it serves.
  package static let engineLabel = "dev.drydock.engine"
  /// The label that holds the resource's name.
  package static let resourceLabel = ContainerKind.resource.label

  /// What the server that last served a resource's data said of its version; nil where that is not recorded.
  package func servedVersion(_ resource: String) -> String? { state?.resources[resource]?.dataVersion }

  /// The name under which a resource's container and volume are kept.
  package func stored(_ resource: String) -> String { state?.storage(of: resource) ?? resource }
  package func container(_ resource: String) -> String {
    state?.containerName(of: resource) ?? volume(resource)
  }
  /// The container that fills a resource's new volume from an image with data.
  package func filler(_ resource: String) -> String { container(resource) + "-fill" }
  /// The container that copies a replica's source.
  package func copier(_ resource: String) -> String { container(resource) + "-seed" }
  /// Called as containers once were.
  package func volume(_ resource: String) -> String { instance.container(stored(resource), .resource) }
  package var network: String { instance.network }

  /// The labels of an object of the instance as a whole.
  package var labels: [String: String] { instance.labels }

  /// The labels of a resource's object.
  package func labels(_ resource: String) -> [String: String] { instance.labels(stored(resource), .resource) }
}
