import Engines
import Foundation
import MonotonicTime
import NativeProcess

/// A new data directory that holds nothing of any instance, as an archive: made for an engine and version when it is
/// needed for the second time, and unpacked from then on, which takes a fraction of the time that an initialisation
/// does. Who has one app with one database never pays for it, in time or on disk.
///
/// Nothing in it is forced to disk, as with initdb's `--no-sync`; so it is trusted for as long as the machine runs,
/// and no longer.
struct DataTemplate: Sendable {
  private let folder: String
  private let recipe: NativeRecipe
  private let tools: EngineTools

  /// The template of what a recipe's general commands make.
  /// - Parameters:
  ///   - cache: The folder for what can be made again.
  ///   - boot: Since when the machine runs.
  ///   - anywhere: The recipe with the data directory at `/data`, so that the same commands give the same template.
  /// - Returns: Nil where there is nothing to make, or no telling what makes it or when.
  init?(
    cache: String, boot: String? = bootIdentity(), installation: NativeInstallation, anywhere: NativeRecipe,
    tools: EngineTools
  ) {
    guard !anywhere.initialise.isEmpty, let boot, let server = FileStamp(installation.server) else {
      return nil
    }
    let described = anywhere.initialise.map { "\($0)" } + ["\(anywhere.identityFiles)", "\(server)"]
    let name = URL(filePath: installation.server).resolvingSymlinksInPath().lastPathComponent
    let key = String(Slug.fnv1a(described.joined(separator: "\n")), radix: 36)
    self.folder = "\(cache)/templates/\(boot)/\(name)-\(installation.version)-\(key)"
    self.recipe = anywhere
    self.tools = tools
  }

  /// Where the recipe for `init` has its folders.
  static let anywhere = NativeFolders(folder: "/", data: "/data", sockets: "/")

  /// The one folder here that is the engine's user's own.
  private var store: String { "\(folder)/store" }
  private var archive: String { "\(store)/data.tar" }

  /// Fills a new data directory: from the archive, else by `initialise`, and then perhaps the archive from it.
  ///
  /// Who needs a template that is being made waits for it. A cache that cannot be written or read is done without.
  /// - Throws: What `initialise` throws.
  func fill(
    _ data: String, progress: ProgressSink, until deadline: Deadline, initialise: () async throws -> Void
  ) async throws {
    if try await unpack(into: data, progress: progress, until: deadline) { return }
    progress("initialising")
    guard canBeKept else { return try await initialise() }
    noteNeed()
    let lock = try await InstanceLock.acquire(
      "\(folder)/making", what: "initialising the same engine", pause: .milliseconds(10), until: deadline)
    defer { _ = lock }
    if try await unpack(into: data, progress: progress, until: deadline) { return }
    try await initialise()
    if Folder.exists(neededAgain) { try await pack(data, until: deadline) }
  }

  private var neededAgain: String { "\(folder)/needed-again" }

  /// The first leaves a note, the second another; the first may be at work still.
  private func noteNeed() {
    if !makeFile("\(folder)/needed") { _ = makeFile(neededAgain) }
  }

  /// Whether there was no such file before.
  private func makeFile(_ path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    return descriptor >= 0 && close(descriptor) == 0
  }

  private func unpack(into data: String, progress: ProgressSink, until deadline: Deadline) async throws
    -> Bool
  {
    guard Folder.exists(archive) else { return false }
    progress("copying")
    do {
      try await tar(["-xpf", archive, "-C", data], making: data, until: deadline)
      return true
    } catch is NativeProcessError {
      // Cut short or unreadable, and of no use to anybody.
      try? Folder.remove(archive)
      try Folder.remove(data)
      try tools.makeFolder(data)
      return false
    }
  }

  private func pack(_ data: String, until deadline: Deadline) async throws {
    let unfinished = "\(archive).new"
    do {
      try await tar(["-cf", unfinished, "-C", data, "."], making: data, until: deadline)
      _ = rename(unfinished, archive)
    } catch is NativeProcessError {
      // A full disk, most likely: the data is there all the same.
      try? Folder.remove(unfinished)
    }
  }

  private func tar(_ arguments: [String], making data: String, until deadline: Deadline) async throws {
    try await tools.run(
      NativeCommand("/usr/bin/env", ["tar"] + arguments), in: data, making: data, until: deadline)
  }

  /// Whether its folder can be written. Nothing made before the machine was last started stays beside it.
  private var canBeKept: Bool {
    do {
      try Folder.make(folder, mode: 0o711)
      try tools.makeFolder(store)
      removeEarlierBoots()
      return access(folder, W_OK) == 0
    } catch {
      return false
    }
  }

  private func removeEarlierBoots() {
    let boot = URL(filePath: folder).deletingLastPathComponent()
    let all = boot.deletingLastPathComponent().path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: all)) ?? []
    for name in names where name != boot.lastPathComponent { try? Folder.remove("\(all)/\(name)") }
  }
}
