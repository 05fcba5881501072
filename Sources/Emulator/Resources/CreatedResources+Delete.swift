import AppState
import DrydockBase
import MonotonicTime
import Planning
package import Resources

extension CreatedResources {
  /// Refuses to delete a resource that is linked or protected.
  /// - Throws: `DrydockError.failed` naming the apps and the way out.
  package func refuseDeletion(_ name: String) throws { try refuseDeletion(try state(named: name)) }

  /// Deletes a resource with its data, for good.
  /// - Throws: `DrydockError.failed` while it is linked or protected, and then nothing was deleted.
  package func delete(_ name: String, _ work: ResourceWork) async throws -> RackResource {
    let found = try state(named: name)
    let lock = try await lock(found, work)
    defer { _ = lock }
    let before = try reload(found)
    try refuseDeletion(before)
    var last = try await describe(before)
    let state = try await announce(before)
    last.status = "deleting"
    work.accepted(last)
    do {
      try await remove(state, work)
    } catch {
      // An interrupted deletion stays `failed`; one that could not be done leaves the resource as it was.
      if !(error is CancellationError) {
        // Where not even that can be written, it stays `failed` as well.
        _ = try? await record(before.id) { $0.operation = before.created?.operation }
      }
      throw error
    }
    last.status = "deleted"
    return last
  }

  /// Writes down that it is being deleted. A full disk does not keep anybody from deleting, which is its cure.
  private func announce(_ state: InstanceState) async throws -> InstanceState {
    do {
      return try await record(state.id) { $0.operation = "deleting" }
    } catch let error as DrydockError where error.code == .cannotWrite {
      return state
    }
  }

  private func refuseDeletion(_ state: InstanceState) throws {
    try LinkedResources(context: context).refuseDeletion(state)
    try DeletionProtection.refuse(nil, state)
  }

  /// Removes the engine, its data, what is remembered of it, and its folder, in this order.
  func remove(_ state: InstanceState, _ work: ResourceWork) async throws {
    let down = DownOperation(
      context: context, instance: state, selected: nil, deletesData: true, isForgotten: true,
      notice: work.events.notice)
    do {
      _ = try await down.run(until: .after(.seconds(120)))
    } catch let error as AggregateError where error.failures.count == 1 {
      throw error.failures[0].error
    }
  }
}
