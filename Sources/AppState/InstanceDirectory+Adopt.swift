import DrydockBase
import Essentials
package import MonotonicTime

extension InstanceDirectory {
  /// Writes down, in the state and in the folder, that they belong together. The instance's lock has to be held, unless
  /// nobody knows of it yet.
  ///
  /// The state first: a token that lies in a folder only is worth nothing.
  package func bind(_ state: inout InstanceState, to folder: AppFolder) throws {
    let key = try store.home.madeKey()
    let before = state
    state.token = state.token ?? Self.random(24)
    // Of a folder that is seen at two paths, one recorded path stays.
    if Folder.device(state.path) != Folder.device(folder.path) { state.path = folder.path }
    state.folder = FolderIdentity(of: folder.path)
    if state != before || !Folder.exists(store.home.instance(state.id)) { try store.save(state) }
    let mark = FolderMark(id: state.id, token: state.token, home: key)
    let file = try markFile(in: folder, key)
    if try folder.mark(in: file) != mark { try folder.write(mark, in: file) }
  }

  /// Where this home keeps its mark: in the file of everybody, unless another home's is there.
  private func markFile(in folder: AppFolder, _ key: String) throws -> String {
    let own = AppFolder.markFile(of: key)
    if try folder.mark(in: own) != nil { return own }
    guard let first = try folder.mark() else { return AppFolder.markFile }
    // A drydock without keys wrote it, for this home if its instance is here.
    let isOurs = first.home.map { $0 == key } ?? Folder.exists(store.home.instance(first.id))
    return isOurs ? AppFolder.markFile : own
  }

  /// The app of that handle, if it is another than the folder's and no other folder is its own.
  package func unclaimed(_ handle: String, for folder: AppFolder) throws -> InstanceState? {
    guard let app = store.apps().first(where: { $0.handle == handle }),
      try existing(in: folder)?.id != app.id, try owner(of: app, besides: folder) == nil
    else { return nil }
    return app
  }

  /// The folder, other than the one at hand, that is an app's own; nil where there is none.
  /// - Throws: `DrydockError.failed` where that cannot be told.
  package func owner(of app: InstanceState, besides folder: AppFolder) throws -> AppFolder? {
    if case .unknown(let reason) = app.presence { throw app.outOfSight(reason) }
    let own = AppFolder(app.path)
    guard let device = Folder.device(own.path), device != Folder.device(folder.path),
      !app.isWithoutFolder(store.home), case .instance(let state, _) = try meaning(of: own),
      state.id == app.id
    else { return nil }
    return own
  }

  /// How an app came to have no folder of the user's any more.
  package enum FolderLoss: Sendable, Hashable {
    /// Nothing is at its path.
    case gone
    /// At its path is the folder of the app with this handle; nil for one of no app.
    case replaced(by: String?)
  }

  /// How an app lost the folder of the user's that it had, as far as that can be told; nil where it has one, or never had.
  package func folderLoss(_ app: InstanceState) throws -> FolderLoss? {
    guard app.created == nil else { return nil }
    guard app.presence == .there else { return app.presence == .gone ? .gone : nil }
    if app.isWithoutFolder(store.home) { return nil }
    let owner = try existing(in: AppFolder(app.path))
    return owner?.id == app.id ? nil : .replaced(by: owner?.handle)
  }

  /// Gives a folder to an app that has none. The one that it had stays, without a folder. What is new is saved by
  /// whoever holds the app's lock.
  package func claim(_ app: InstanceState, for folder: AppFolder, until deadline: Deadline) async throws
    -> InstanceState
  {
    if case .instance(let before, _) = try meaning(of: folder), before.id != app.id, before.created == nil {
      try await store.update(before.id, until: deadline) { state in
        state.path = AppFolder(store.home.app(state.handle)).path
        state.folder = nil
      }
    }
    var app = app
    app.path = folder.path
    return app
  }

  /// `adopt`: gives a folder the instance of that handle.
  /// - Returns: The instance, and the one that the folder had before.
  /// - Throws: `DrydockError.usage` for a handle that no app has; `.failed` while another folder is the app's own.
  package func adopt(
    _ handle: String, into folder: AppFolder, until deadline: Deadline, notice: (String) -> Void
  ) async throws -> (state: InstanceState, before: InstanceState?) {
    guard let app = app(named: handle) else {
      throw UnknownName.error("app", handle, known: store.apps().map(\.handle))
    }
    let before = try existing(in: folder)
    if let owner = try owner(of: app, besides: folder) {
      throw DrydockError(
        .failed, "\(app.handle) has a folder of its own: \(owner.path)",
        suggestion: "work there; it can be adopted once that folder is gone")
    }
    _ = try await claim(app, for: folder, until: deadline)
    let held = try await store.hold(app.id, called: app.handle, until: deadline, notice: notice)
    defer { _ = held }
    var state = held.state
    // Its path comes with it: of a folder that was renamed, that is all that is new, and has to be saved.
    try bind(&state, to: folder)
    try removeOwnFolder(of: held.state, now: state)
    return (state, before?.id == state.id ? nil : before)
  }

  /// Removes the folder in drydock's home of an app that has one of the user's now.
  package func removeOwnFolder(of before: InstanceState, now state: InstanceState) throws {
    guard before.isWithoutFolder(store.home), before.path != state.path else { return }
    try Folder.remove(before.path)
  }
}
