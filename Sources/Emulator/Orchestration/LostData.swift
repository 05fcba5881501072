import AppState
import Engines
import Planning
import Resources
import Servers

/// Data that an `up` finds gone although nobody asked drydock to delete it.
struct LostData: Sendable {
  let home: StateHome
  let state: InstanceState

  /// What to say of it: it is made anew, and that is never silent.
  func notices(_ plan: Plan, _ specs: [ResourceSpec], _ observed: [String: Observation]) -> [String] {
    let specs = Dictionary(specs.map { ($0.name, $0) }) { first, _ in first }
    return plan.items.compactMap { item in
      guard let spec = specs[item.resource], let record = state.resources[item.resource] else { return nil }
      switch item.action {
      case .create where Planner.isDataGone(spec, record, observed[item.resource] ?? Observation(.absent)):
        return
          "the data of \(item.resource) is gone: \(place(item.resource, plan.runtime)) was removed; it is made anew"
      case .directory where isGone(item.resource, record, spec):
        return
          "the files of \(item.resource) are gone: \(directory(item.resource, record)) was removed; it is made anew"
      default: return nil
      }
    }
  }

  private func place(_ resource: String, _ runtime: RuntimeKind) -> String {
    runtime == .native
      ? home.resource(state.storage(of: resource), of: state.id)
      : "the volume \(ResourceNames(id: state.id, state: state).volume(resource))"
  }

  private func directory(_ resource: String, _ record: ResourceRecord) -> String {
    SharedDirectory(
      resource: state.storage(of: resource), options: record.options, home: home, id: state.id
    ).path
  }

  /// Another `path` is another directory, which is still to be made.
  private func isGone(_ resource: String, _ record: ResourceRecord, _ spec: ResourceSpec) -> Bool {
    record.type == spec.type && record.options["path"] == spec.options["path"] && record.externalURL == nil
      && !Folder.exists(directory(resource, record))
  }
}
