import Essentials

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
  package func createdResources() -> [InstanceState] {
    survey(where: mayBeCreated).instances.filter { $0.created != nil }
  }

  /// Whether an instance's state has the key that makes it a created resource's. Most are apps', and with twenty of them
  /// understanding every state would take as long as all else that a command does.
  private func mayBeCreated(_ id: String) -> Bool {
    // What cannot be read is for whoever reads it to say.
    guard let state = FileManager.default.contents(atPath: "\(home.instance(id))/state.json") else {
      return true
    }
    return String(decoding: state, as: UTF8.self).withCString { strstr($0, "\"created\"") } != nil
  }
}
