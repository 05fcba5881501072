package import AppState
package import ConvoxEnvironment
package import ConvoxManifest
import DrydockBase
import Engines

/// The created resources that apps are linked to.
package struct LinkedResources: Sendable {
  private let context: DrydockContext
  private var store: StateStore { context.store }

  /// The links on this machine.
  package init(context: DrydockContext) {
    self.context = context
  }

  /// The resources that are linked to an app, by name.
  package func of(_ app: InstanceState) -> [InstanceState] {
    store.createdResources().filter { $0.created?.links.contains(app.id) == true }
  }

  /// Where the linked resources of an app are reached. Those without variables are left out, and from containers
  /// those that run natively.
  package func endpoints(of app: InstanceState, from viewpoint: Viewpoint = .host) -> [ResourceEndpoint] {
    of(app).compactMap { state in
      guard viewpoint == .host || state.runtime == .docker else { return nil }
      return state.createdEngine(in: context.catalog).flatMap {
        state.endpoint(of: state.handle, engine: $0, from: viewpoint)
      }
    }
  }

  /// The directories of the efs resources that are linked to an app.
  package func directories(of app: InstanceState) -> [SharedDirectory] {
    of(app).compactMap { state in
      guard let engine = state.createdEngine(in: context.catalog), engine.server == nil,
        let record = state.resources[state.handle]
      else { return nil }
      return SharedDirectory(
        resource: state.handle, options: record.options, home: store.home, id: state.id)
    }
  }

  /// Those of the linked resources of an app that are servers.
  package func servers(of app: InstanceState) -> [InstanceState] {
    of(app).filter { $0.createdEngine(in: context.catalog)?.server != nil }
  }

  /// Refuses to delete the data of a created resource that apps are linked to; nothing was changed by then.
  /// - Parameter ending: The ids of instances whose data goes at the same time: their links hold nothing back.
  /// - Throws: `DrydockError.failed` naming the apps and the way out.
  package func refuseDeletion(_ state: InstanceState, ending: Set<String> = []) throws {
    let links = (state.created?.links ?? []).subtracting(ending)
    let survey = store.survey()
    if !links.isEmpty, let obstacle = survey.obstacle { throw obstacle }
    if let unread = survey.unread.first(where: { links.contains($0.id) }) {
      throw unread.refusal("resource \(state.handle) is linked to an app that may need it")
    }
    let apps = survey.instances.filter { links.contains($0.id) }.map(\.handle).sorted()
    guard !apps.isEmpty else { return }
    throw DrydockError(
      .failed, "resource \(state.handle) is linked to \(apps.joined(separator: ", "))",
      suggestion: "unlink it first:",
      details: apps.map { "drydock resources unlink \(state.handle) --app \($0)" })
  }

  /// The resources of an app's manifest whose variables are those of a resource that is linked to it.
  package func collisions(of app: InstanceState, with manifest: Manifest) -> [Diagnostic] {
    let linked = of(app).filter { $0.created?.isDrain == false }
    return manifest.resources.compactMap { resource in
      let prefix = resource.environmentPrefix
      guard let other = linked.first(where: { Resource.environmentPrefix(of: $0.handle) == prefix }) else {
        return nil
      }
      return Diagnostic(
        .warning, at: resource.location,
        "resource \(resource.name) has the variables of the created \(other.handle), which is linked to "
          + "\(app.handle): \(prefix)_URL and so on",
        suggestion:
          "give it another name, or unlink that one: drydock resources unlink \(other.handle) --app \(app.handle)"
      )
    }
  }
}

extension InstanceState {
  /// The manifest in the instance's folder; nil where there is none.
  package var workspace: Workspace? { try? Workspace.find(in: path) }
}
