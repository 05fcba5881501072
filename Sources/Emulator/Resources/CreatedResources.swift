import ConvoxEnvironment
import ConvoxManifest
import Engines

/// The resources that were created on their own, outside any convox.yml: what there is, and what is done to it.
///
/// Each operation holds a lock of its own from beginning to end, besides the instance's, which its steps take
/// and leave. So others see what is being done, and an operation that was interrupted is told from one that runs.
public struct CreatedResources: Sendable {
  let context: DrydockContext

  /// The created resources of this machine.
  public init(context: DrydockContext) {
    self.context = context
  }

  var store: StateStore { context.store }

  /// The types that can be created.
  public func types() -> [ResourceKind] { ResourceKind.all }

  /// The options of a type.
  /// - Throws: `EmulatorError.failed` for a type that there is not.
  public func options(_ type: String) throws -> [ResourceParameter] {
    try ResourceKind.named(type).parameters
  }

  /// Every created resource, by name.
  public func list() async throws -> [RackResource] {
    var resources: [RackResource] = []
    for state in store.createdResources() { resources.append(await describe(state)) }
    return resources
  }

  /// The created resource of that name.
  /// - Throws: `EmulatorError.failed` where there is none.
  public func resource(named name: String) async throws -> RackResource {
    await describe(try state(named: name))
  }

  /// The instance of the created resource of that name.
  /// - Throws: `EmulatorError.failed` where there is none.
  public func state(named name: String) throws -> InstanceState {
    let all = store.createdResources()
    if let state = all.first(where: { $0.handle == name }) { return state }
    let known = all.map(\.handle)
    let guess = nearest(to: name, in: known).map { "did you mean \($0)? " } ?? ""
    let list = known.isEmpty ? "" : "created here: \(known.joined(separator: ", "))"
    throw EmulatorError(
      .failed, "no such resource: \(name)", suggestion: known.isEmpty ? nil : guess + list)
  }

  /// A created resource as users and the Rack API see it.
  func describe(_ state: InstanceState) async -> RackResource {
    let name = state.handle
    let created = state.created ?? CreatedResource(type: "", parameters: [:])
    var resource = RackResource(name: name, type: created.type, status: await status(of: state))
    resource.parameters =
      state.resources[name]?.options
      ?? ((try? ResourceKind.named(created.type).defaults) ?? [:]).merging(created.parameters) { $1 }
    resource.parameters = resource.parameters.filter { !$0.value.isEmpty }
    resource.url = state.createdURL
    resource.apps = store.apps().filter { created.links.contains($0.id) }.map(\.handle).sorted()
    return resource
  }

  private func status(of state: InstanceState) async -> String {
    if let operation = state.created?.operation {
      return InstanceLock.isHeld(operationFolder(state.id)) ? operation : "failed"
    }
    if state.created?.isDrain == true { return ResourceStatus.running.rawValue }
    do {
      let states = try await StatusOperation(context: context).run(state)
      return (states.first?.status ?? .stopped).rawValue
    } catch {
      // Its runtime cannot be asked: a Docker engine that is not running.
      return "unknown"
    }
  }

  /// The folder whose lock an operation holds.
  func operationFolder(_ id: String) -> String { "\(store.home.instance(id))/operation" }

  /// Waits for the lock of operations on a resource.
  func lock(_ id: String, _ work: ResourceWork) async throws -> InstanceLock {
    try await InstanceLock.acquire(operationFolder(id), until: work.deadline) { holder in
      work.events.notice("waiting for another drydock command\(holder.map { " (process \($0))" } ?? "")")
    }
  }

  /// The state as it is once the lock is held; the resource may have been deleted while it was waited for.
  func reload(_ state: InstanceState) throws -> InstanceState {
    if let fresh = try store.load(state.id) { return fresh }
    try store.delete(state.id)
    throw EmulatorError(.failed, "no such resource: \(state.handle)")
  }

  /// Changes what is remembered of a created resource.
  func record(_ id: String, _ change: (inout CreatedResource) -> Void) async throws -> InstanceState {
    try await store.update(id) { state in
      guard var created = state.created else { return }
      change(&created)
      state.created = created
    }
    guard let state = try store.load(id) else { throw EmulatorError(.failed, "the instance \(id) is gone") }
    return state
  }
}

extension CreatedResource {
  /// Whether it is a place for logs, without an engine.
  public var isDrain: Bool { type == SyslogDrain.kind.name }
}

extension InstanceState {
  /// The engine of a created resource; nil for an app and for a drain.
  var createdEngine: (any Engine)? { created.flatMap { EngineRegistry.engine($0.type) } }

  /// Where a created resource is reached from this machine; nil for one without an address.
  public var createdURL: String? {
    if let created, created.isDrain { return created.parameters[SyslogDrain.option] }
    return createdEngine.flatMap { endpoint(of: handle, engine: $0)?.url }
  }
}

extension StateHome {
  /// The folder of the resource that was created with that name.
  func created(_ name: String) -> String { "\(root)/resources/\(name)" }
}
