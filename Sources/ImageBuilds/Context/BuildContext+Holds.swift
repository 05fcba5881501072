import DrydockBase

/// What a build is sent, told by paths from the app's folder.
extension BuildContext {
  /// The same path from the folder that is built; nil for what does not lie in it.
  package func inside(_ path: String) -> String? {
    guard !self.path.isEmpty else { return path }
    let prefix = self.path + "/"
    guard path.beginsExactly(with: prefix) else { return nil }
    return String(decoding: path.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
  }

  /// Whether a build is sent what lies there.
  package func holds(_ path: String) -> Bool {
    guard let inside = inside(path), !inside.splitExactly(at: "/").contains(".drydock") else { return false }
    return !ownRules.ignores(inside) && rootRules?.ignores(path) != true
  }

  /// Whether a build may be sent something of a folder.
  package func mayHold(folder path: String) -> Bool {
    if self.path.isExactly(path) || self.path.beginsExactly(with: path + "/") { return true }
    guard let inside = inside(path), !inside.splitExactly(at: "/").contains(".drydock") else { return false }
    return ownRules.mayHold(folder: inside) && rootRules?.mayHold(folder: path) != false
  }
}

extension IgnoreFile {
  /// Whether something of a folder may be sent.
  package func mayHold(folder path: String) -> Bool {
    var parent: FolderMatch?
    var place = ""
    for part in path.splitExactly(at: "/") {
      place += place.isEmpty ? part : "/\(part)"
      let match = folder(place, in: parent)
      if match.isSkipped { return false }
      parent = match
    }
    return true
  }
}
