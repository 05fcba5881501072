import DrydockBase

/// What a container is for. A name may be that of one of each kind.
package enum ContainerKind: String, Sendable, Hashable, CaseIterable {
  /// A resource's server.
  case resource
  /// A service of the app.
  case service

  /// The label that holds the name.
  package var label: String { "dev.drydock.\(rawValue)" }
}

/// What an app instance's Docker objects are called, and the labels by which they are found.
package struct ContainerNames: Sendable, Hashable {
  /// The instance's id.
  package let id: String

  /// The label that holds the instance's id.
  package static let instanceLabel = "dev.drydock.instance"
  /// The label with a hash over what a container was made from.
  package static let configurationLabel = "dev.drydock.configuration"

  /// The names of an instance.
  package init(id: String) { self.id = id }

  /// The instance's network.
  package var network: String { "drydock-\(id)" }

  /// A container's name: `drydock-ID-NAME` for a resource, as it was before there were other kinds. No slug holds a dot,
  /// so that another kind's is never that of a resource.
  package func container(_ name: String, _ kind: ContainerKind) -> String {
    kind == .resource
      ? "drydock-\(id)-\(Slug.make(name))" : "drydock-\(id)-\(kind.rawValue).\(Slug.make(name))"
  }

  /// The labels of an object of the instance as a whole.
  package var labels: [String: String] { [Self.instanceLabel: id] }

  /// The labels of an object of one name.
  package func labels(_ name: String, _ kind: ContainerKind) -> [String: String] {
    [Self.instanceLabel: id, kind.label: name]
  }
}
