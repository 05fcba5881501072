import Essentials
import MonotonicTime

/// Keeps the builds of one instance: a folder each in `builds` beside its state, for the user alone, with the record, the
/// log and, of an app that lives from uploads, the source.
package struct BuildStore: Sendable {
  /// How many builds are kept; those of releases in force stay besides.
  package static let limit = 20

  /// The folder of all of them.
  package let folder: String

  /// The builds of an instance.
  package init(home: StateHome, id: String) { folder = "\(home.instance(id))/builds" }

  /// The folder of a build.
  package func folder(of build: String) -> String { "\(folder)/\(build)" }
  /// A build's log.
  package func log(of build: String) -> String { "\(folder(of: build))/log" }
  /// The source that was uploaded for a build, a tar compressed by gzip.
  package func source(of build: String) -> String { "\(folder(of: build))/source.tgz" }

  /// Where a build's source is unpacked while it runs.
  package func tree(of build: String) -> String { "\(folder(of: build))/tree" }

  private func record(of build: String) -> String { "\(folder(of: build))/build.json" }

  /// A build; nil for one that there is not, or whose record cannot be read.
  package func load(_ build: String) -> AppBuild? {
    guard RackName.isName(build, of: "B"), let data = FileManager.default.contents(atPath: record(of: build))
    else { return nil }
    return try? StateCoding.decoder().decode(AppBuild.self, from: data)
  }

  /// All builds, the newest first.
  package func list() -> [AppBuild] {
    let names = FileManager.default.readableNames(in: folder)
    return names.compactMap(load).sorted { ($0.started, $0.id) > ($1.started, $1.id) }
  }

  /// Keeps a build as it is now.
  package func save(_ build: AppBuild) async throws {
    try await offThePool {
      try Folder.make(folder, mode: 0o700)
      try Folder.make(folder(of: build.id), mode: 0o700)
      try StateCoding.write(build, to: record(of: build.id))
    }
  }

  /// Has builds failed that were not over when whoever ran them ended, and removes what they made by halves.
  /// - Parameter reason: What is said of them.
  package func failUnfinished(_ reason: String) async throws {
    for var build in list() where !build.status.isFinal {
      try await Folder.removeTree(tree(of: build.id))
      Folder.discard(source(of: build.id))
      build.status = .failed
      build.reason = reason
      build.ended = Date()
      try await save(build)
    }
  }

  /// Removes what is too old, but for builds that are named.
  package func prune(keeping kept: Set<String>) async throws {
    for build in list().dropFirst(Self.limit) where build.status.isFinal && !kept.contains(build.id) {
      try await Folder.removeTree(folder(of: build.id))
    }
  }
}
