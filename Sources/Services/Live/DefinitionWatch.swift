import DrydockBase
import FileWatch
import LocalFiles

/// Looks whether services that run would be started in another way by now, whenever the state of an instance changes: the
/// app env, an option, a resource's address.
struct DefinitionWatch: Sendable {
  /// The folder of all instances, as linked resources are instances of their own.
  let folder: String
  /// How services would be started now.
  let definitions: @Sendable () async throws -> [String: ServiceDefinition]
  let book: DefinitionBook
  /// Has a service run as it is prepared now; the line says why.
  let renew: @Sendable (_ service: String, _ reason: String) -> Void
  let tell: @Sendable (any Error) -> Void

  /// Watches until it is cancelled.
  func run() async {
    do {
      let root = try DirectoryDescriptor(folder, followingLink: true)
      // A command that changes much writes more than once.
      let watch = TreeWatch(root, rules: StateFiles(), quiet: .milliseconds(200), limit: .seconds(2))
      try await watch.run(ready: { await look() }, each: { _ in await look() })
    } catch {
      if !(error is CancellationError) { tell(error) }
    }
  }

  /// Compares.
  func look() async {
    do {
      for (service, difference) in book.differences(to: try await definitions()) {
        renew(service, "restart \(service): \(difference)")
      }
    } catch {
      if !(error is CancellationError) { tell(error) }
    }
  }
}

/// The state files of instances, and nothing else that lies beside them.
private struct StateFiles: TreeRules {
  func counts(_ path: String, isFolder: Bool) -> Bool {
    let parts = path.splitExactly(at: "/")
    return isFolder ? parts.count == 1 : parts.count == 2 && parts[1].isExactly("state.json")
  }
}
