/// What became of something in a tree.
package struct TreeChange: Sendable, Hashable {
  /// What is there now.
  package enum Kind: Sendable, Hashable {
    case file
    case folder
    case link
    /// Nothing any more.
    case removed
  }

  /// Its path from the tree's root.
  package let path: String
  /// What is there now.
  package let kind: Kind
  /// Whether what was removed was a folder.
  package let wasFolder: Bool

  /// A change with its values.
  package init(path: String, kind: Kind, wasFolder: Bool = false) {
    self.path = path
    self.kind = kind
    self.wasFolder = wasFolder
  }
}

/// What belongs to a tree that is watched.
package protocol TreeRules: Sendable {
  /// Whether something counts; a folder that does not is not looked into.
  func counts(_ path: String, isFolder: Bool) -> Bool
}

/// Everything counts.
package struct EveryFile: TreeRules {
  /// The rules.
  package init() {}
  package func counts(_ path: String, isFolder: Bool) -> Bool { true }
}
