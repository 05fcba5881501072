import DrydockBase

/// What can be seen of a folder, to decide which instance it means.
package struct FolderSighting: Sendable {
  /// The ids that it carries, with what is beside them.
  package var marks: [FolderMark] = []
  /// Which folder it is.
  package var identity: FolderIdentity?
  /// The app's name, which may be what the repository says.
  package var name: String
  /// The folder's own name.
  package var folderName: String
}

/// An app's instance, and what can be seen of it from a folder.
package struct InstanceSighting: Sendable {
  /// Where the folder that the state names is.
  package enum Place: Sendable, Hashable {
    /// It is the folder at hand, at this path or another.
    case here
    /// There is nothing at that path.
    case gone
    /// Another folder is there, which is the instance's still, or not any more.
    case elsewhere(isItsStill: Bool)
    /// Nobody can tell whether it is there: it may be the instance's still.
    case unknown
    /// In drydock's home: the app was made over a rack, and has no folder of the user's yet.
    case none
  }

  /// What is remembered of it.
  package var state: InstanceState
  /// Where its folder is.
  package var place: Place
  /// Whether its secret password stands in the folder's variables: proof for one of a drydock without tokens.
  package var isKnownByPassword = false
  /// Whether the manifest at hand declares every resource that it has, each of its type, and it has one.
  package var fits = false
}

/// Which instance a folder means, and by what it is known.
package enum FolderMeaning: Sendable, Hashable {
  /// By what an instance is known.
  package enum Evidence: Sendable, Hashable {
    /// Its id lies in its folder.
    case marked
    /// Its id and its token lie in a folder elsewhere, and its own is gone.
    case moved
    /// The id is gone; path, inode and time of birth are those of its folder.
    case identity
    /// The id is gone; the folder is at its path, and its resources are those of the manifest.
    case resources
    /// It was made over a rack under the folder's own name. What a repository says of its name is no evidence: anybody's
    /// could ask for another app's env by it.
    case named
  }

  /// This instance.
  case instance(InstanceState, Evidence)
  /// None. It may be one of these, but nothing proves it.
  case none(doubtful: [InstanceState])

  /// Decides. In doubt it is none: data that is not shown can be adopted, data of another app that is handed out cannot
  /// be taken back.
  package static func decide(_ folder: FolderSighting, among instances: [InstanceSighting]) -> FolderMeaning {
    for mark in folder.marks {
      guard let found = instances.first(where: { $0.state.id == mark.id }) else { continue }
      if found.place == .here { return .instance(found.state, .marked) }
      guard found.isProved(by: mark), !found.hasFolder else { continue }
      return .instance(found.state, .moved)
    }
    let here = instances.filter { $0.place == .here }
    let same = here.filter { $0.state.folder?.isSurely(folder.identity) == true }
    if same.count == 1 { return .instance(same[0].state, .identity) }
    let fitting = here.filter(\.fits)
    if same.isEmpty, fitting.count == 1 { return .instance(fitting[0].state, .resources) }
    if here.isEmpty, folder.name == folder.folderName,
      let named = instances.first(where: { $0.place == .none && $0.state.handle == folder.folderName })
    {
      return .instance(named.state, .named)
    }
    return .none(doubtful: instances.filter { $0.mayMean(folder) }.map(\.state))
  }
}

extension InstanceSighting {
  /// Whether a folder elsewhere is its own still, so that the one at hand can only be a copy.
  fileprivate var hasFolder: Bool { place == .elsewhere(isItsStill: true) || place == .unknown }

  fileprivate func isProved(by mark: FolderMark) -> Bool {
    if let token = state.token { return mark.token == token }
    return isKnownByPassword
  }

  /// Whether a user may take the folder at hand for its own.
  fileprivate func mayMean(_ folder: FolderSighting) -> Bool {
    switch place {
    case .here: return true
    case .none: return state.handle == Slug.make(folder.name)
    case .elsewhere(isItsStill: true): return false
    case .elsewhere, .gone, .unknown: break
    }
    return folder.marks.contains { $0.id == state.id } || state.folder?.isSurely(folder.identity) == true
      || state.app == folder.name && fits
  }
}
