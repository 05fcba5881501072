extension FileManager {
  /// The paths of all that is in a folder, relative to it, at any depth, a folder before what it holds. No link is
  /// followed, and what cannot be read is left out.
  package func readableSubpaths(of folder: String) -> [String] {
    var found: [String] = []
    var pending = [""]
    while let prefix = pending.popLast() {
      for name in readableNames(in: "\(folder)/\(prefix)") {
        found.append(prefix + name)
        var info = stat()
        let isFolder = lstat("\(folder)/\(prefix)\(name)", &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
        if isFolder { pending.append("\(prefix)\(name)/") }
      }
    }
    return found
  }
}
