package import ConvoxManifest
import DrydockBase
import Essentials
package import MonotonicTime

/// Finds the instance that belongs to a folder or handle, and makes new ones.
package struct InstanceDirectory: Sendable {
  /// What is remembered of instances.
  package let store: StateStore
  /// The resource types that manifests may name.
  package let catalog: ResourceCatalog

  /// A directory over a store.
  package init(store: StateStore, catalog: ResourceCatalog) {
    self.store = store
    self.catalog = catalog
  }

  /// The instance of a folder, one that moved with its folder too: nil when there is none, or when it is a copy
  /// of another app's that has not had an `up` of its own.
  package func existing(in folder: AppFolder) throws -> InstanceState? {
    guard case .instance(var state, let evidence) = try meaning(of: folder) else { return nil }
    if [.moved, .named].contains(evidence) { state.path = folder.path }
    if evidence == .moved { remember(state) }
    return state
  }

  /// The instance that an `up` of a folder would go on with: the one that `--app` names, if no other folder has it, else
  /// the folder's own.
  package func candidate(for folder: AppFolder, app: String?) throws -> InstanceState? {
    if let app, var other = try unclaimed(app, for: folder) {
      other.path = folder.path
      return other
    }
    return try existing(in: folder)
  }

  /// Notes at once that a folder moved, so that nobody takes the app for gone. A command that holds the instance at this
  /// moment is an `up` in the new folder, which notes it itself, or gone before the next one looks.
  private func remember(_ state: InstanceState) {
    guard store.home.owner == nil, let lock = InstanceLock.attempt(store.home.instance(state.id)),
      var current = try? store.load(state.id)
    else { return }
    defer { _ = lock }
    current.path = state.path
    // Where it cannot be written, the next command notes it.
    try? store.save(current)
  }

  /// The instance of a folder, made if there is none. A moved folder keeps its instance; a copied one gets an
  /// instance of its own, so that two worktrees never share data. A new name, a new path and what the folder is known
  /// by from now on are not saved here: that is for whoever holds the instance's lock.
  /// - Parameter notice: Told, in a line, where an instance is found otherwise than by its id, and where one may be meant
  ///   that is not taken.
  package func open(
    _ folder: AppFolder, app: String?, notice: (String) -> Void = { _ in }
  ) throws -> InstanceState {
    switch try meaning(of: folder) {
    case .instance(let state, let evidence):
      Self.line(evidence, state).map(notice)
      let now = try renamed(state, app, evidence, folder)
      if now.app != state.app { notice("this app is called \(now.app) from now on; it was \(state.app)") }
      return now
    case .none(let doubtful):
      if let app { try AppName.check(app) }
      let state = try make(folder, app ?? folder.appName)
      doubtful.map { doubt($0, instead: state) }.forEach(notice)
      for unread in store.survey().unread {
        notice(
          "\(state.handle) begins without data, and the state of an instance cannot be read: \(unread.file)")
        notice("  if that was this folder's: \(UnreadState.remedy)")
      }
      return state
    }
  }

  private func renamed(
    _ state: InstanceState, _ app: String?, _ evidence: FolderMeaning.Evidence, _ folder: AppFolder
  ) throws -> InstanceState {
    var state = state
    if [.moved, .named].contains(evidence) { state.path = folder.path }
    guard let app, state.app != app, state.handle != app else { return state }
    try AppName.check(app)
    state.app = app
    state.handle = handle(for: app, besides: state.id)
    return state
  }

  private func make(_ folder: AppFolder, _ name: String) throws -> InstanceState {
    try store.home.refuseOthers()
    let id = Self.randomID()
    var state = InstanceState(
      id: id, handle: handle(for: name, besides: id), app: name, path: folder.path,
      resourcePassword: UUID().uuidString.lowercased())
    do {
      try bind(&state, to: folder)
    } catch {
      // Nobody would ever find it.
      try? store.delete(id)
      throw error
    }
    return state
  }

  /// The same, while no other command of this home makes an instance: of two at once in a new folder, the second
  /// finds what the first has made. An app that `--app` names and that has no folder any more gets this one.
  package func open(
    _ folder: AppFolder, app: String?, until deadline: Deadline, notice: (String) -> Void = { _ in }
  ) async throws -> InstanceState {
    if let app, let other = try unclaimed(app, for: folder) {
      notice("this folder goes on with \(other.handle), which had no folder any more")
      return try await claim(other, for: folder, until: deadline)
    }
    if case .instance = try meaning(of: folder) { return try open(folder, app: app, notice: notice) }
    try store.home.refuseOthers()
    let lock = try await InstanceLock.acquire("\(store.home.root)/making", until: deadline)
    defer { _ = lock }
    return try open(folder, app: app, notice: notice)
  }

  /// The instance of that handle.
  package func instance(handle: String) -> InstanceState? {
    store.all().first { $0.handle == handle }
  }

  private func handle(for name: String, besides id: String) -> String {
    let slug = Slug.make(name)
    let survey = store.survey()
    let taken = Set(survey.instances.filter { $0.id != id }.map(\.handle))
    // One that cannot be read may have it.
    guard taken.contains(slug) || !survey.unread.isEmpty else { return slug }
    let candidates = (4...id.count).map { "\(slug)-\(id.prefix($0))" }
    return candidates.first { !taken.contains($0) } ?? "\(slug)-\(Self.randomID())"
  }

  /// Twelve letters and digits from the system's random source.
  package static func randomID() -> String { random(12) }

  package static func random(_ count: Int) -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    return String((0..<count).compactMap { _ in alphabet.randomElement() })
  }
}
