import Foundation
public import MonotonicTime

/// Finds the instance that belongs to a folder or handle, and makes new ones.
public struct InstanceDirectory: Sendable {
  /// What is remembered of instances.
  public let store: StateStore

  /// A directory over a store.
  public init(store: StateStore) {
    self.store = store
  }

  /// The instance of a folder, one that moved with its folder too: nil when there is none, or when it is a copy
  /// of another app's that has not had an `up` of its own.
  public func existing(in folder: AppFolder) throws -> InstanceState? {
    guard let id = try folder.readID(), var state = try store.load(id) else { return nil }
    if state.path == folder.path { return state }
    if isCopied(state) { return nil }
    // Remembered at once, so that nobody takes the app for gone.
    state.path = folder.path
    try store.save(state)
    return state
  }

  /// The instance of a folder, made if there is none. A moved folder keeps its instance; a copied one gets an
  /// instance of its own, so that two worktrees never share data. A new name is not saved here: that is for
  /// whoever holds the instance's lock.
  public func open(_ folder: AppFolder, app: String?) throws -> InstanceState {
    let name = app ?? folder.appName
    if var state = try existing(in: folder) {
      if app != nil, state.app != name, state.handle != name {
        state.app = name
        state.handle = handle(for: name, besides: state.id)
      }
      return state
    }
    let id = Self.randomID()
    let state = InstanceState(
      id: id, handle: handle(for: name, besides: id), app: name, path: folder.path,
      resourcePassword: UUID().uuidString.lowercased())
    try folder.write(id: id)
    try store.save(state)
    return state
  }

  /// The same, while no other command of this home makes an instance: of two at once in a new folder, the second
  /// finds what the first has made.
  public func open(_ folder: AppFolder, app: String?, until deadline: Deadline) async throws -> InstanceState
  {
    if try existing(in: folder) != nil { return try open(folder, app: app) }
    let lock = try await InstanceLock.acquire("\(store.home.root)/making", until: deadline)
    defer { _ = lock }
    return try open(folder, app: app)
  }

  /// The instance of that handle.
  public func instance(handle: String) -> InstanceState? {
    store.all().first { $0.handle == handle }
  }

  /// Whether the folder that the state names still carries the id: then the folder at hand is a copy.
  private func isCopied(_ state: InstanceState) -> Bool {
    AppFolder(state.path).id == state.id
  }

  private func handle(for name: String, besides id: String) -> String {
    let slug = Slug.make(name)
    let taken = Set(store.all().filter { $0.id != id }.map(\.handle))
    guard taken.contains(slug) else { return slug }
    let candidates = (4...id.count).map { "\(slug)-\(id.prefix($0))" }
    return candidates.first { !taken.contains($0) } ?? "\(slug)-\(Self.randomID())"
  }

  /// Twelve letters and digits from the system's random source.
  static func randomID() -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    return String((0..<12).compactMap { _ in alphabet.randomElement() })
  }
}
