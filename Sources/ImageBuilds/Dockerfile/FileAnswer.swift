/// What has to be done where a file of the build's context changed.
package enum FileAnswer: Sendable, Hashable {
  /// The image does not hold it.
  case nothing
  /// It can go straight to where it was copied to: the copies, and the places.
  case put([Place])
  /// The image has to be built again: the line that says so, and why, as what follows the file's name.
  case rebuild(line: Int, reason: String)

  /// Where a file goes.
  package struct Place: Sendable, Hashable {
    /// The path in the image.
    package let path: String
    /// The instruction that copied it there, with owner and mode.
    package let copy: ContextCopy
  }
}

extension RunningStage {
  /// What a change of a file means.
  /// - Parameters:
  ///   - path: Relative to the context, without a dot at its beginning; one that the ignore files let through.
  ///   - isFolder: Whether it is, or was, a folder.
  package func answer(to path: String, isFolder: Bool = false) -> FileAnswer {
    var places: [FileAnswer.Place] = []
    for copy in copies {
      guard let place = copy.destination(of: path, isFolder: isFolder) else { continue }
      if let run = copy.runBehind {
        return .rebuild(line: copy.line, reason: "is copied here, and line \(run) makes something of it")
      }
      if copy.isAdd, path.hasArchiveName {
        return .rebuild(line: copy.line, reason: "is an archive that is unpacked here")
      }
      places.append(FileAnswer.Place(path: place, copy: copy))
    }
    if let foreign = foreignCopies.first(where: {
      $0.copy.destination(of: path, isFolder: isFolder) != nil
    }) {
      return .rebuild(
        line: foreign.copy.line,
        reason: "is copied here into a stage of which line \(foreign.line) takes something")
    }
    return places.isEmpty ? .nothing : .put(places)
  }
}

extension RunningStage {
  /// Where a file is copied to, whatever is made of it behind that; parameters as those of `answer`.
  package func places(of path: String, isFolder: Bool = false) -> [FileAnswer.Place] {
    copies.compactMap { copy in
      copy.destination(of: path, isFolder: isFolder).map { FileAnswer.Place(path: $0, copy: copy) }
    }
  }
}

extension String {
  /// What ADD would unpack; it looks at the content, which a change may have made another.
  fileprivate var hasArchiveName: Bool {
    let name = lowercased()
    return [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"].contains {
      name.hasSuffix($0)
    }
  }
}
