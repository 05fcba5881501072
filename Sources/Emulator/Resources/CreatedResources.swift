package import AppState
import ConvoxManifest
import DrydockBase
import Engines
package import Resources

/// The resources that were created on their own, outside any convox.yml: what there is, and what is done to it.
///
/// Each operation holds a lock of its own from beginning to end, besides the instance's, which its steps take
/// and leave. So others see what is being done, and an operation that was interrupted is told from one that runs.
package struct CreatedResources: Sendable {
  let context: DrydockContext

  /// The created resources of this machine.
  package init(context: DrydockContext) {
    self.context = context
  }

  var store: StateStore { context.store }

  /// The types that can be created.
  package func types() -> [ResourceKind] { context.catalog.kinds }

  /// The options of a type.
  /// - Throws: `DrydockError.failed` for a type that there is not.
  package func options(_ type: String) throws -> [ResourceParameter] {
    try context.catalog.kind(type).parameters
  }

  /// The instance of the created resource of that name.
  /// - Throws: `DrydockError.failed` where there is none.
  package func state(named name: String) throws -> InstanceState {
    let all = store.createdResources()
    if let state = all.first(where: { $0.handle == name }) { return state }
    let known = all.map(\.handle)
    let guess = nearest(to: name, in: known).map { "did you mean \($0)? " } ?? ""
    let list = known.isEmpty ? "" : "created here: \(known.joined(separator: ", "))"
    throw DrydockError(
      .failed, "no such resource: \(name)", suggestion: known.isEmpty ? nil : guess + list)
  }

  /// A created resource as users and the Rack API see it.
  func describe(_ state: InstanceState) async throws -> RackResource {
    let lookup = ResourceLookup(context: context)
    return try await lookup.describe(lookup.created(state))
  }

  /// Waits for the lock of operations on a resource, which may be deleted meanwhile.
  func lock(_ state: InstanceState, _ work: ResourceWork) async throws -> InstanceLock {
    try await lock(state.id, state.handle, work)
  }

  /// The same for one that nobody knows of yet.
  func lock(_ id: String, _ name: String, _ work: ResourceWork) async throws -> InstanceLock {
    try store.home.refuseOthers()
    let lock = try await InstanceLock.acquire(
      store.home.operation(id), making: .alone, until: work.deadline
    ) { work.events.notice(StateStore.waiting(for: $0)) }
    guard let lock else { throw DrydockError(.failed, "no such resource: \(name)") }
    return lock
  }

  /// The state as it is once the lock is held; the resource may have been deleted while it was waited for.
  func reload(_ state: InstanceState) throws -> InstanceState {
    if let fresh = try store.load(state.id) { return fresh }
    throw DrydockError(.failed, "no such resource: \(state.handle)")
  }

  /// Changes what is remembered of a created resource.
  /// - Parameter resources: What is recorded as deployed from now on; nil leaves that as it is.
  func record(
    _ id: String, resources: [String: ResourceRecord]? = nil, _ change: (inout CreatedResource) -> Void
  ) async throws -> InstanceState {
    try await store.update(id) { state in
      state.resources = resources ?? state.resources
      guard var created = state.created else { return }
      change(&created)
      state.created = created
    }
  }
}
