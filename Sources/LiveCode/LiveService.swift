import ConvoxManifest
import DrydockBase
import FileWatch
package import ImageBuilds

/// What a change of a file means to a service.
enum CodeMeaning: Sendable, Hashable {
  /// Nothing.
  case nothing
  /// It goes into its containers, to these places.
  case put([FileAnswer.Place])
  /// The service is restarted: a line that says why. A container is made from the tree as it is then.
  case restart(String)
}

/// What there is to be known of a service to tell what a changed file means to it.
package struct LiveService: Sendable {
  /// Its name.
  let name: String
  /// Whether it runs in containers, whose image can be built again.
  private let isInContainers: Bool
  /// Its rules in drydock.yml, of which the first that fits counts.
  package var rules: [LiveRule] = []
  /// What its image holds of the app; nil where files are not carried into it.
  package var code: ImageCode?
  /// The paths in its containers at which something else is mounted, which no file goes to.
  package var mounts: [String] = []
  /// The tree for which its processes are restarted; nil for none.
  package var tree: WatchedTree?

  /// A service of which nothing is watched yet.
  package init(name: String, isInContainers: Bool) {
    self.name = name
    self.isInContainers = isInContainers
  }

  /// What a change means.
  func meaning(of change: TreeChange) -> CodeMeaning {
    if let rule = rules.first(where: { $0.fits(change.path) }) { return meaning(of: change, by: rule) }
    if let code { return meaning(of: change, code) }
    guard let tree, !change.isFolder, tree.counts(change.path) else { return .nothing }
    return .restart("restart \(name): \(change.path) changed")
  }

  /// Whether something in a folder may mean something.
  func mayConcern(folder path: String) -> Bool {
    code?.context.mayHold(folder: path) == true || tree?.mayCount(inFolder: path) == true
      || rules.contains { $0.action != .off && $0.mayFit(inFolder: path) }
  }

  private func meaning(of change: TreeChange, by rule: LiveRule) -> CodeMeaning {
    switch rule.action {
    case .off: return .nothing
    case .sync:
      guard let code, let inside = code.context.inside(change.path) else { return .nothing }
      // Whoever writes the rule knows what stands behind the COPY.
      return put(code.stage.places(of: inside, isFolder: change.isFolder), change)
    case .syncAndRestart, .restart, .rebuild:
      if change.isFolder { return .nothing }
      let verb = rule.action == .rebuild && isInContainers ? "rebuild" : "restart"
      return .restart("\(verb) \(name): \(change.path) changed")
    }
  }

  private func meaning(of change: TreeChange, _ code: ImageCode) -> CodeMeaning {
    guard code.context.holds(change.path), let inside = code.context.inside(change.path) else {
      return .nothing
    }
    switch code.stage.answer(to: inside, isFolder: change.isFolder) {
    case .nothing: return .nothing
    case .rebuild(let line, let reason): return rebuild(change, line, reason)
    case .put(let places):
      if let named = places.first(where: { $0.copy.names(inside) })?.copy {
        // A link that is named is followed by the builder, and one that is gone is its error to tell.
        if change.kind == .link || change.kind == .removed {
          return rebuild(change, named.line, "is copied here by its name")
        }
        if Self.locks.contains(TreePath.name(inside)) {
          return rebuild(change, named.line, "is copied here, and says what is installed")
        }
      }
      if let odd = places.first(where: { $0.copy.mode != nil && $0.copy.numericMode == nil })?.copy {
        return rebuild(change, odd.line, "gets its mode here")
      }
      return put(places, change)
    }
  }

  private func put(_ places: [FileAnswer.Place], _ change: TreeChange) -> CodeMeaning {
    let open = places.filter { !isHidden($0.path, isFolder: change.kind == .folder) }
    return open.isEmpty ? .nothing : .put(open)
  }

  /// What lies where something is mounted is that one's; and in place of a folder with a mount in it comes nothing else.
  private func isHidden(_ place: String, isFolder: Bool) -> Bool {
    mounts.contains { mount in
      TreePath.inside(place, mount) != nil || !isFolder && TreePath.inside(mount, place) != nil
    }
  }

  private func rebuild(_ change: TreeChange, _ line: Int, _ reason: String) -> CodeMeaning {
    .restart("rebuild \(name): \(code?.stage.path ?? ""):\(line): \(change.path) \(reason)")
  }

  /// Files by which package managers know what to install.
  private static let locks: Set<String> = [
    "Gemfile", "Gemfile.lock", "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml",
    "bun.lockb",
    "requirements.txt", "Pipfile", "Pipfile.lock", "pyproject.toml", "poetry.lock", "uv.lock", "go.mod",
    "go.sum",
    "Cargo.toml", "Cargo.lock", "composer.json", "composer.lock", "mix.exs", "mix.lock",
  ]
}

extension TreeChange {
  /// Whether it is, or was, a folder.
  var isFolder: Bool { kind == .folder || kind == .removed && wasFolder }
}

extension TreePath {
  /// The last part of a path.
  static func name(_ path: String) -> String { path.splitExactly(at: "/").last ?? path }
}

extension ContextCopy {
  /// What `--chmod` sets, where that is a number.
  var numericMode: UInt32? { mode.flatMap { UInt32($0, radix: 8) }.flatMap { $0 <= 0o7777 ? $0 : nil } }
}
