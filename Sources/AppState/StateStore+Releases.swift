import ConvoxEnvironment
import MonotonicTime

extension StateStore {
  /// Changes an app env under the instance's lock. A change of the local one is recorded as a release, so that the
  /// newest release says what the app env is: Convox's tool begins each change with that release. So does this one, or
  /// what was set over the rack and not promoted yet would be lost.
  /// - Returns: The names of what the newest release has otherwise than the app env had, sorted.
  @discardableResult
  package func updateAppEnvironment(
    _ id: String, rack: String? = nil, _ edit: (inout [String: String]) -> Void
  ) async throws -> [String] {
    try await updateReleases(id) { state, history in
      history.record(state.appEnvironment, "app env of drydock")
      guard rack == nil else {
        state.editAppEnvironment(rack: rack, edit)
        return []
      }
      let before = state.appEnvironment
      let newest = history.releases.first?.environment ?? before
      state.appEnvironment = newest
      edit(&state.appEnvironment)
      let difference = AppEnvironment.difference(from: newest, to: state.appEnvironment)
      history.settle(on: state.appEnvironment, difference.isEmpty ? "env" : "env \(difference)")
      return Set(before.keys).union(newest.keys).filter { before[$0] != newest[$0] }.sorted()
    }
  }

  /// Changes an instance's state and its releases under its lock.
  @discardableResult
  package func updateReleases<Value: Sendable>(
    _ id: String, _ change: (inout InstanceState, inout ReleaseHistory) throws -> Value
  ) async throws -> Value {
    let held = try await hold(id, until: .after(.seconds(30)))
    defer { _ = held }
    var state = held.state
    let releases = ReleaseStore(home: home)
    var history = try releases.load(id)
    let value = try change(&state, &history)
    try await offThePool { [state, history] in
      // The state first: a history that lags behind is brought up to date when it is read.
      try save(state)
      try releases.save(history, of: id)
    }
    return value
  }

  /// The releases of an app. Where the app env was changed by something that recorded none, that is made up for.
  package func releases(of id: String) async throws -> ReleaseHistory {
    if let state = try load(id) {
      let history = try ReleaseStore(home: home).load(id)
      // Without the lock, so that a look does not wait for an `up`.
      if history.agrees(with: state.appEnvironment) { return history }
    }
    return try await updateReleases(id) { state, history in
      history.record(state.appEnvironment, "app env of drydock")
      return history
    }
  }
}
