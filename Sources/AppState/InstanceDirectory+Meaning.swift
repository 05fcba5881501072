import ConvoxManifest
import Essentials

extension InstanceDirectory {
  /// Which instance a folder means: what is seen, handed to the decision. An id at its recorded path, as nearly always,
  /// is known by two small files.
  package func meaning(of folder: AppFolder) throws -> FolderMeaning {
    let first = try folder.mark()
    if let first, let state = try store.load(first.id), state.path == folder.path {
      return .instance(state, .marked)
    }
    let own = try store.home.key.flatMap { try folder.mark(in: AppFolder.markFile(of: $0)) }
    var sighting = FolderSighting(
      marks: [first, own].compactMap(\.self), name: folder.appName, folderName: folder.folderName)
    let marked = try sighting.marks.compactMap { try store.load($0.id) }
    let known = FolderMeaning.decide(
      sighting, among: marked.map { InstanceSighting($0, from: folder, store.home) })
    if case .instance = known { return known }
    sighting.identity = FolderIdentity(of: folder.path)
    let declared = DeclaredResources(folder, catalog)
    return FolderMeaning.decide(
      sighting,
      among: store.apps().map { state in
        var seen = InstanceSighting(state, from: folder, store.home)
        let isCandidate = seen.place == .here || seen.place == .gone && state.app == sighting.name
        seen.fits = isCandidate && declared.fit(state)
        return seen
      })
  }

  /// What to say of an instance that was not found by its id alone.
  package static func line(_ evidence: FolderMeaning.Evidence, _ state: InstanceState) -> String? {
    switch evidence {
    case .marked, .moved: nil
    case .identity:
      "this folder is \(state.handle) again: its id was gone, but it is the folder that \(state.handle) had"
    case .resources:
      "this folder is \(state.handle) again: its id was gone, but path and resources are those of \(state.handle)"
    case .named: "this folder is \(state.handle) now, which was made over the rack"
    }
  }

  /// What to say of an instance that may be meant and was not taken.
  package func doubt(_ other: InstanceState, instead new: InstanceState) -> String {
    let place = other.isWithoutFolder(store.home) ? "which was made over the rack" : "last in \(other.path)"
    return "\(new.handle) begins without data; to go on in this folder with that of \(other.handle), "
      + "\(place): drydock adopt \(other.handle)"
  }
}

/// The resources that the manifest of a folder declares, read when they are first asked for.
private struct DeclaredResources {
  private let folder: AppFolder
  private let catalog: ResourceCatalog

  init(_ folder: AppFolder, _ catalog: ResourceCatalog) {
    self.folder = folder
    self.catalog = catalog
  }

  /// Whether the manifest declares every resource that an instance has, each of its type. Of an instance without
  /// resources it says nothing.
  func fit(_ state: InstanceState) -> Bool {
    let recorded = state.resources.filter { !$0.value.isRemoved }
    guard !recorded.isEmpty,
      let workspace = try? Workspace.find(manifest: "\(folder.path)/convox.yml", from: folder.path),
      let manifest = try? workspace.load(appEnvironment: state.appEnvironment, catalog: catalog)
    else { return false }
    let declared = Dictionary(manifest.resources.map { ($0.name, $0.type) }) { first, _ in first }
    return recorded.allSatisfy { declared[$0.key] == $0.value.type }
  }
}

extension InstanceSighting {
  /// An instance as it is seen from a folder.
  package init(_ state: InstanceState, from folder: AppFolder, _ home: StateHome) {
    self.init(state: state, place: Self.place(state, from: folder, home))
    guard state.token == nil, state.isPasswordChosen != true, place != .here else { return }
    isKnownByPassword =
      (try? folder.content(of: OwnFiles.allVariables))?.contains(state.resourcePassword) == true
  }

  private static func place(_ state: InstanceState, from folder: AppFolder, _ home: StateHome) -> Place {
    if state.path == folder.path { return .here }
    switch state.presence {
    case .gone: return .gone
    case .unknown: return .unknown
    case .there: break
    }
    if Folder.device(state.path) == Folder.device(folder.path) { return .here }
    if state.isWithoutFolder(home) { return .none }
    if state.folder?.isSurely(FolderIdentity(of: state.path)) == true { return .elsewhere(isItsStill: true) }
    // What is in it may not be read, say.
    guard let marks = try? AppFolder(state.path).marks(home) else { return .unknown }
    return .elsewhere(isItsStill: marks.contains { $0.id == state.id })
  }
}

extension InstanceState {
  /// Whether it is an app that was made over a rack and has no folder of the user's.
  package func isWithoutFolder(_ home: StateHome) -> Bool {
    created == nil && path == AppFolder(home.app(handle)).path
  }
}

extension AppFolder {
  /// What the folder says of its instances: to the home at hand, and to the one that had it first.
  package func marks(_ home: StateHome) throws -> [FolderMark] {
    try [mark(), home.key.flatMap { try mark(in: Self.markFile(of: $0)) }].compactMap(\.self)
  }
}
