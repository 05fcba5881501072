package import AppState
import DrydockBase

/// `deletionProtection: true`, as the last `up` recorded it: data is not deleted until it was turned off.
package enum DeletionProtection {
  /// The resources of an instance that are protected, sorted.
  /// - Parameter names: The resources asked about; nil for all.
  package static func protected(_ names: [String]? = nil, in state: InstanceState) -> [String] {
    (names ?? Array(state.resources.keys)).filter { name in
      guard let record = state.resources[name] else { return false }
      return record.dataVersion != nil && record.options["deletionProtection"] == "true"
    }.sorted()
  }

  /// Refuses to delete protected resources; nothing was changed by then.
  /// - Throws: `DrydockError.failed` naming them and the way out.
  package static func refuse(_ names: [String]? = nil, _ state: InstanceState) throws {
    let protected = protected(names, in: state)
    guard !protected.isEmpty else { return }
    let list = protected.joined(separator: ", ")
    throw DrydockError(
      .failed,
      "deletion protection is on for \(list)\(state.created == nil ? " of \(state.handle)" : ""); nothing was deleted",
      suggestion: state.created == nil
        ? "set deletionProtection: false in \(state.path)/convox.yml, run drydock up, and delete again"
        : "turn it off first: drydock resources update \(state.handle) deletionProtection=false")
  }

  /// What to say of protected resources that a plan stops because the manifest no longer names them.
  package static func notices(_ plan: Plan, _ state: InstanceState) -> [String] {
    let stopped = plan.items.filter { $0.action == .stop }.map(\.resource)
    return protected(stopped, in: state).map {
      "resource \($0) is no longer in the manifest and protected from deletion: AWS refuses that deploy; here it "
        + "is stopped and its data kept"
    }
  }
}
