import ConvoxEnvironment
import DrydockBase
import Essentials
import LocalFiles

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
    let path = "\(home.instance(id))/state.json"
    func failure(
      _ reason: UnreadState.Reason, _ code: DrydockError.Code, _ message: String, _ remedy: String
    )
      -> Result<InstanceState?, UnreadState>
    {
      .failure(
        UnreadState(
          id: id, file: path, reason: reason,
          error: DrydockError(code, "\(path) \(message)", suggestion: remedy)))
    }
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path))
    } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
      // Asked of the one attempt to read: the file may come to be at any moment.
      return .success(nil)
    } catch {
      return failure(.unreadable, .cannotWrite, "cannot be read", "make the file readable for you")
    }
    struct Header: Decodable { var format: Int }
    let decoder = JSONDecoder()
    do {
      let format = try decoder.decode(Header.self, from: data).format
      guard format <= InstanceState.currentFormat else {
        return failure(
          .newer, .dataMismatch, "was written by a newer drydock (format \(format))", "update drydock")
      }
      let state = try decoder.decode(InstanceState.self, from: data)
      // A copy of another's would have two be one, and hide what this one's data is.
      let foreign = state.id.isExactly(id) ? nil : "it is the state of another instance, \(state.id)"
      if let damage = foreign ?? state.damage {
        return failure(.damaged, .dataMismatch, "is damaged: \(damage)", UnreadState.remedy)
      }
      return .success(state)
    } catch {
      return failure(.damaged, .dataMismatch, "is damaged: \(error)", UnreadState.remedy)
    }
  }

  /// Writes the state, readable for the user alone.
  /// - Throws: `DrydockError.cannotWrite` naming the folder.
  package func save(_ state: InstanceState) throws {
    let folder = home.instance(state.id)
    try Folder.make(folder, mode: 0o700)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let path = "\(folder)/state.json"
    do {
      let data = try encoder.encode(state)
      try AtomicFile.write(Array(data), to: path, mode: 0o600, onlyIfChanged: true)
    } catch {
      let reason = (error as? AtomicFileError)?.reason ?? "\(error)"
      throw DrydockError(
        .cannotWrite, "cannot write the state \(path): \(reason)", suggestion: WriteRemedy.elsewhere)
    }
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
