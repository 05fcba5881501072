/// Reads and writes the releases of the instances on this machine: `releases.json` beside each one's state, since
/// its values are as secret as the app env.
package struct ReleaseStore: Sendable {
  package let home: StateHome

  private func file(_ id: String) -> StateFile<ReleaseHistory> {
    StateFile(
      "\(home.instance(id))/releases.json",
      remedy: "restore the file, or move it away: the app env itself is kept in state.json")
  }

  /// The history of an instance; an empty one where nothing is kept yet.
  /// - Throws: `DrydockError.dataMismatch` for a file that cannot be understood: it is left as it is.
  package func load(_ id: String) throws -> ReleaseHistory { try file(id).load() ?? ReleaseHistory() }

  /// Writes a history, readable for the user alone.
  package func save(_ history: ReleaseHistory, of id: String) throws { try file(id).save(history) }
}
