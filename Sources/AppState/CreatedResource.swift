/// What is remembered of a resource that was created on its own, outside any convox.yml.
///
/// Such a resource is an instance with nothing but it: its folder lies in drydock's home and holds a convox.yml
/// that drydock writes, so that planning, readiness, persistence and removal are those of every other resource.
package struct CreatedResource: Sendable, Hashable, Codable {
  package var type: String
  /// The options that were asked for, by name.
  package var parameters: [String: String]
  /// The ids of the app instances that it is linked to.
  package var links: Set<String>
  /// What is being done to it (`creating`, `updating`, `deleting`) while the instance's lock is held; one that
  /// stands without the lock was interrupted.
  package var operation: String?

  /// A resource that nothing was done with yet.
  package init(type: String, parameters: [String: String]) {
    self.type = type
    self.parameters = parameters
    self.links = []
  }
}

extension StateStore {
  /// The instances of apps, by handle.
  package func apps() -> [InstanceState] { all().filter { $0.created == nil } }
  /// The instances of resources that were created on their own, by handle, which is the resource's name.
  package func createdResources() -> [InstanceState] { all().filter { $0.created != nil } }
}
