import DrydockBase
import Essentials
import MonotonicTime

/// Reads and writes what drydock remembers of the instances on this machine.
package struct StateStore: Sendable {
  /// The folders it works in.
  package let home: StateHome

  /// A store in these folders.
  package init(home: StateHome) {
    self.home = home
  }

  /// The state of an instance; nil when there is none.
  /// - Throws: `DrydockError.dataMismatch` for a file that cannot be understood: it is left as it is.
  package func load(_ id: String) throws -> InstanceState? {
    switch read(id) {
    case .success(let state): return state
    case .failure(let unread): throw unread.error
    }
  }

  /// The same, with the kind of what is wrong.
  package func read(_ id: String) -> Result<InstanceState?, UnreadState> {
    let file = file(id)
    return file.read().flatMap { state in
      guard let state else { return .success(nil) }
      // A copy of another's would have two be one, and hide what this one's data is.
      let foreign = state.id.isExactly(id) ? nil : "it is the state of another instance, \(state.id)"
      return (foreign ?? state.damage).map { .failure(file.damaged($0)) } ?? .success(state)
    }.mapError { UnreadState(id: id, file: file.path, reason: $0.reason, error: $0.error) }
  }

  /// Writes the state, readable for the user alone.
  /// - Throws: `DrydockError.cannotWrite` naming the folder.
  package func save(_ state: InstanceState) throws {
    try Folder.make(home.instance(state.id), mode: 0o700)
    try file(state.id).save(state)
  }

  /// The same for what runs on the pool's threads, as a sync waits for the disk. It is not cancelled.
  package func saveOffThePool(_ state: InstanceState) async throws {
    try await offThePool { try save(state) }
  }

  private func file(_ id: String) -> StateFile<InstanceState> {
    StateFile("\(home.instance(id))/state.json", remedy: UnreadState.remedy)
  }

  /// Forgets an instance. Its lock has to be held: the folder goes at once, with the lock's file in it, so that whoever
  /// waits for that finds the instance gone.
  package func delete(_ id: String) throws {
    let deleted = "\(home.root)/instances/.deleted-\(id)"
    // What a delete that was killed here left.
    try Folder.remove(deleted)
    guard rename(home.instance(id), deleted) == 0 || errno == ENOENT else {
      throw Folder.failure("remove", home.instance(id))
    }
    try Folder.remove(deleted)
  }
}
