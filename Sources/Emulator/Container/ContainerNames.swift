import DrydockBase

/// What an instance's Docker objects are called, and the labels by which they are found.
struct ContainerNames: Sendable {
  /// The instance's id.
  let id: String
  /// What is recorded of the instance; nil where no resource of it can have been renamed.
  var state: InstanceState?

  /// The label that holds the instance's id.
  static let instanceLabel = "dev.drydock.instance"
  /// The label that holds the resource's name.
  static let resourceLabel = "dev.drydock.resource"
  /// The label with a hash over what a container was made from.
  static let configurationLabel = "dev.drydock.configuration"
  /// The label of a volume with the version of the server that made the data; on images, of the server inside.
  static let versionLabel = "dev.drydock.version"
  /// The label of an image with the type that it serves.
  static let engineLabel = "dev.drydock.engine"

  /// The name under which a resource's container and volume are kept.
  func stored(_ resource: String) -> String { state?.storage(of: resource) ?? resource }
  func container(_ resource: String) -> String { "drydock-\(id)-\(Slug.make(stored(resource)))" }
  func volume(_ resource: String) -> String { "drydock-\(id)-\(Slug.make(stored(resource)))" }
  var network: String { "drydock-\(id)" }

  /// The labels of an object of the instance as a whole.
  var labels: [String: String] { [Self.instanceLabel: id] }

  /// The labels of a resource's object.
  func labels(_ resource: String) -> [String: String] {
    [Self.instanceLabel: id, Self.resourceLabel: stored(resource)]
  }
}
