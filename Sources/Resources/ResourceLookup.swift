package import AppState
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import Engines
import Planning

/// Finds resources for the resource commands and the Rack API: an app's, and those created on their own.
package struct ResourceLookup: Sendable {
  package let context: DrydockContext
  private let workspace: Workspace?
  private let additions: [String: String]

  /// A lookup.
  /// - Parameters:
  ///   - workspace: The manifest to read; nil for the one in the instance's folder.
  ///   - additions: What is added to the app env.
  package init(context: DrydockContext, workspace: Workspace? = nil, additions: [String: String] = [:]) {
    self.context = context
    self.workspace = workspace
    self.additions = additions
  }

  /// The resources of an app, in the manifest's order, and then the created ones that are linked to it.
  ///
  /// A manifest that cannot be read takes nothing from what is deployed: the records stand in for it.
  /// - Parameter unreadable: Told what is wrong with the manifest.
  package func targets(app: InstanceState, unreadable: (any Error) -> Void = { _ in }) -> [ResourceTarget] {
    let linked = LinkedResources(context: context).of(app)
    return deployed(app, unreadable).filter { $0.record?.isRemoved != true } + linked.map(created)
  }

  /// The resources that were created on their own, by name.
  package func createdTargets() -> [ResourceTarget] { context.store.createdResources().map(created) }

  /// The resource of that name: the app's, else the created one.
  /// - Parameter app: The app; nil to look among the created ones alone.
  /// - Throws: `DrydockError` with Convox's own words where there is none.
  package func target(_ name: String, app: InstanceState?) throws -> ResourceTarget {
    let own = app.map { deployed($0) { _ in } } ?? []
    let known = own + createdTargets()
    if let found = known.first(where: { $0.name == name }) { return found }
    let names =
      own.map(\.name) + createdTargets().map(\.name).filter { name in !own.contains { $0.name == name } }
    let guess = nearest(to: name, in: names).map { "did you mean \($0)? " } ?? ""
    let list = names.isEmpty ? "there is none" : "there is \(names.joined(separator: ", "))"
    let place = app == nil ? "; an app's are found in its folder, or by --app NAME" : ""
    throw DrydockError(.failed, "no such resource: \(name)", suggestion: guess + list + place)
  }

  /// What the manifest names, and what is recorded besides.
  private func deployed(_ app: InstanceState, _ unreadable: (any Error) -> Void) -> [ResourceTarget] {
    var specs: [ResourceSpec] = []
    do {
      specs = try self.specs(app)
    } catch {
      unreadable(error)
    }
    let named = Set(specs.map(\.name))
    let recorded = app.resources.keys.filter { !named.contains($0) }.sorted()
    return specs.map { target($0, app) } + recorded.compactMap { target($0, app) }
  }

  private func specs(_ app: InstanceState) throws -> [ResourceSpec] {
    let environment = app.appEnvironment.merging(additions) { $1 }
    let place = try workspace ?? .find(manifest: "\(app.path)/convox.yml", from: context.currentDirectory)
    let manifest = try place.load(appEnvironment: environment, catalog: context.catalog)
    let specs = try ResourceSpec.specs(of: manifest, in: context.catalog, appEnvironment: environment)
    return ResourceSpec.settled(specs, over: app, in: context.catalog)
  }

  private func target(_ spec: ResourceSpec, _ app: InstanceState) -> ResourceTarget {
    var app = app
    // What the app env says now counts, also when no `up` has seen it yet.
    app.resources[spec.name]?.externalURL = spec.externalURL
    let external = spec.externalURL.map {
      ResourceEndpoint(
        resource: spec.name, shape: spec.engine.variableShape, host: "", port: 0, externalURL: $0)
    }
    return ResourceTarget(
      state: app, name: spec.name, type: spec.type, engine: spec.engine, options: spec.options,
      endpoint: external ?? app.endpoint(of: spec.name, engine: spec.engine), apps: [])
  }

  private func target(_ name: String, _ app: InstanceState) -> ResourceTarget? {
    guard let record = app.resources[name] else { return nil }
    let engine = context.catalog.engine(record.type)
    return ResourceTarget(
      state: app, name: name, type: record.type, engine: engine, options: record.options,
      endpoint: engine.flatMap { app.endpoint(of: name, engine: $0) }, apps: [])
  }

  /// A resource that was created on its own.
  package func created(_ state: InstanceState) -> ResourceTarget {
    let links = state.created?.links ?? []
    let type = state.created?.type ?? ""
    let apps = links.isEmpty ? [] : context.store.apps().filter { links.contains($0.id) }.map(\.handle)
    let engine = context.catalog.engine(type)
    return ResourceTarget(
      state: state, name: state.handle, type: type, engine: engine,
      options: state.createdOptions(in: context.catalog),
      endpoint: engine.flatMap { state.endpoint(of: state.handle, engine: $0) }, apps: apps.sorted())
  }
}
