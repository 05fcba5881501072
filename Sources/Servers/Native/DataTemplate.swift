import AppState
import DrydockBase
package import Engines
import Essentials
import LocalFiles
package import MonotonicTime
import NativeProcess

/// A new data directory that holds nothing of any instance, as an archive: made for an engine and version when it is
/// needed for the second time, and unpacked from then on, which takes a fraction of the time that an initialisation
/// does. Who has one app with one database never pays for it, in time or on disk.
///
/// Nothing in it is forced to disk, as with initdb's `--no-sync`; so it is trusted for as long as the machine runs,
/// and no longer. Databases made from one share what initdb draws by lot, such as PostgreSQL's system identifier.
package struct DataTemplate: Sendable {
  let cache: String
  private let boot: String
  let folder: String
  let tools: EngineTools
  /// How long to wait for another's initialisation before making one's own.
  private let patience: Duration
  /// Whether it is certain to be needed again, so that the first one makes it.
  package var isCertain = false
  /// Of which server's executable it is.
  let origin: TemplateOrigin

  /// The template of what a recipe's general commands make.
  /// - Parameters:
  ///   - cache: The folder for what can be made again.
  ///   - boot: Since when the machine runs.
  ///   - anywhere: The recipe with the data directory at `/data`, so that the same commands give the same template.
  /// - Returns: Nil where there is nothing to make, or no telling what makes it or when.
  package init?(
    cache: String, boot: String? = bootIdentity(), installation: NativeInstallation, anywhere: NativeRecipe,
    tools: EngineTools, patience: Duration = .seconds(15)
  ) {
    guard !anywhere.initialise.isEmpty, let boot, let server = FileStamp(installation.server) else {
      return nil
    }
    let owner = tools.user?.userID ?? geteuid()
    let described = anywhere.initialise.map { "\($0)" } + ["\(anywhere.identityFiles) \(server) \(owner)"]
    let name = URL(filePath: installation.server).resolvingSymlinksInPath().lastPathComponent
    let key = shortHash(described.joined(separator: "\n"))
    self.cache = cache
    self.boot = boot
    self.folder = "\(cache)/templates/\(boot)/\(name)-\(installation.version)-\(key)"
    self.origin = TemplateOrigin(server: installation.server, stamp: server)
    self.tools = tools
    self.patience = patience
  }

  /// One that lies in a cache, of whichever engine it is.
  /// - Parameter folder: Its folder, of this boot.
  /// - Returns: Nil where it was not made by a server that is still the same.
  init?(kept folder: String, cache: String, boot: String, tools: EngineTools) {
    guard let origin = TemplateOrigin(in: folder), origin.isCurrent else { return nil }
    self.cache = cache
    self.boot = boot
    self.folder = folder
    self.origin = origin
    self.tools = tools
    self.patience = .zero
  }

  /// Where the recipe for `init` has its folders.
  package static let anywhere = NativeFolders(folder: "/", data: "/data", sockets: "/")

  /// The one folder here that is the engine's user's own. Root opens and makes nothing in it.
  var store: String { "\(folder)/store" }
  var archive: String { "\(store)/data.tar" }
  /// Written last: the archive's checksum and length, as `cksum` tells them.
  private var seal: String { "\(folder)/sealed" }
  private var neededAgain: String { "\(folder)/needed-again" }

  /// Fills a new data directory: from the archive, else by `initialise`, and then perhaps the archive from it.
  ///
  /// Who needs a template that is being made waits for it, for a while. A cache that cannot be written or read is done
  /// without.
  /// - Returns: Whether it is a copy.
  /// - Throws: What `initialise` throws.
  @discardableResult
  package func fill(
    _ data: String, progress: ProgressSink, until deadline: Deadline, initialise: () async throws -> Void
  ) async throws -> Bool {
    if try await copy(into: data, progress: progress, until: deadline) { return true }
    progress("initialising")
    guard await canBeKept() else {
      try await initialise()
      return false
    }
    noteNeed()
    var isOurs = false
    do {
      let lock = try await InstanceLock.acquire(
        "\(folder)/making", pause: .milliseconds(10), until: deadline.capped(at: patience)
      ) { _ in progress("waiting: another initialises the same engine") }
      defer { _ = lock }
      isOurs = true
      return try await fillLocked(data, progress: progress, until: deadline, initialise: initialise)
    } catch let error as DrydockError where !isOurs && [.notReady, .cannotWrite].contains(error.code) {
      try await initialise()
      return false
    }
  }

  private func fillLocked(
    _ data: String, progress: ProgressSink, until deadline: Deadline, initialise: () async throws -> Void
  ) async throws -> Bool {
    if try await copy(into: data, progress: progress, until: deadline) { return true }
    try await initialise()
    if isCertain || Folder.exists(neededAgain) { try await pack(data, until: deadline) }
    return false
  }

  /// Makes the archive, unless an intact one is there.
  /// - Parameter data: A new data directory, for nothing but this.
  /// - Returns: Whether it was made.
  /// - Throws: What `initialise` throws; `DrydockError.cannotWrite` where the cache cannot keep one.
  package func make(_ data: String, until deadline: Deadline, initialise: () async throws -> Void)
    async throws
    -> Bool
  {
    guard await canBeKept() else { throw unkept }
    let lock = try await InstanceLock.acquire("\(folder)/making", pause: .milliseconds(10), until: deadline)
    defer { _ = lock }
    if isComplete, try await isIntact(making: data, until: deadline) { return false }
    try await initialise()
    try await pack(data, until: deadline)
    guard isComplete else { throw unkept }
    return true
  }

  private var unkept: DrydockError {
    DrydockError(
      .cannotWrite, "no template can be kept in \(folder)",
      suggestion: "make room there, or name another folder by XDG_CACHE_HOME")
  }

  /// Whether the data directory is a copy now.
  private func copy(into data: String, progress: ProgressSink, until deadline: Deadline) async throws -> Bool
  {
    // Who removes it has it alone: then it is done without.
    guard isComplete, let hold = CacheHold.use(folder) else { return false }
    defer { _ = hold }
    guard isComplete else { return false }
    noteUse()
    return try await unpack(into: data, progress: progress, until: deadline)
  }

  func noteUse() { CacheMark.touch(seal) }

  /// Forgets an archive of which nothing can be made.
  package func discard() { unlink(seal) }

  /// What was sealed: `CHECKSUM LENGTH`; nil where nothing was.
  private var sealed: [Substring]? {
    guard Folder.isOwn(folder), let words = FileManager.default.contents(atPath: seal) else { return nil }
    return String(decoding: words, as: UTF8.self).split(separator: " ")
  }

  /// Whether there is an archive of the engine's user's, of the length that it had when it was made.
  var isComplete: Bool { sealed.map { Self.isOfLength(archive, $0, tools.user?.userID) } ?? false }

  /// - Parameters:
  ///   - seal: What was sealed of it.
  ///   - user: Whose it has to be; nil for the user of this process.
  static func isOfLength(_ archive: String, _ seal: [Substring], _ user: uid_t?) -> Bool {
    var info = stat()
    guard seal.count == 2, lstat(archive, &info) == 0 else { return false }
    return info.st_mode & S_IFMT == S_IFREG && info.st_uid == user ?? geteuid()
      && seal[1] == "\(info.st_size)"
  }

  /// Reads all of an archive. In a process of its own: it takes as long as unpacking does, and is done meanwhile.
  private func checksum(_ path: String, making data: String, until deadline: Deadline) async throws
    -> [Substring]
  {
    let command = NativeCommand("/usr/bin/cksum", [path])
    return try await tools.run(command, in: data, making: data, until: deadline).text
      .split(whereSeparator: \.isWhitespace).prefix(2).map { $0 }
  }

  func isIntact(making data: String, until deadline: Deadline) async throws -> Bool {
    do {
      return try await checksum(archive, making: data, until: deadline) == sealed
    } catch is NativeProcessError {
      return false
    }
  }

  /// Whether that worked; if not, for a full disk as well as for a broken archive, the data directory is empty again.
  private func unpack(into data: String, progress: ProgressSink, until deadline: Deadline) async throws
    -> Bool
  {
    progress("copying")
    async let intact = isIntact(making: data, until: deadline)
    var isUnpacked = true
    do {
      try await tar(["-xpf", archive, "-C", data], making: data, until: deadline)
    } catch is NativeProcessError {
      isUnpacked = false
    }
    let isIntact = try await intact
    if isUnpacked && isIntact { return true }
    if !isIntact {
      discard()
      progress("what was kept of an earlier one is damaged, and is made anew")
    }
    try await Folder.removeTree(data)
    try tools.makeFolder(data)
    return false
  }

  private func pack(_ data: String, until deadline: Deadline) async throws {
    let unfinished = "\(store)/\(InstanceDirectory.randomID()).tar"
    do {
      discard()
      // What a killed one left half packed, by a tar that may still be writing.
      try await Folder.removeTree(store)
      try tools.makeFolder(store)
      try await tar(["-cf", unfinished, "-C", data, "."], making: data, until: deadline)
      let sum = try await checksum(unfinished, making: data, until: deadline)
      guard rename(unfinished, archive) == 0 else { return }
      let directory = try DirectoryDescriptor(folder, followingLink: false)
      try directory.replace(
        TemplateOrigin.fileName, with: Array(JSONEncoder().encode(origin)), mode: 0o600, isDurable: false)
      try directory.replace(
        URL(filePath: seal).lastPathComponent, with: Array(sum.joined(separator: " ").utf8), mode: 0o600,
        isDurable: false)
    } catch let error where !(error is CancellationError || error is TimeoutError) {
      // A full disk, most likely: the data is there all the same.
      try? Folder.remove(unfinished)
    }
  }

  func tar(_ arguments: [String], making data: String, until deadline: Deadline) async throws {
    let program = access("/usr/bin/tar", X_OK) == 0 ? "/usr/bin/tar" : "/bin/tar"
    // An archive is for its owner, whatever the caller's umask; what is unpacked has the permissions that it had.
    let shell = ["-c", #"umask 077; exec "$@""#, "sh", program]
    try await tools.run(NativeCommand("/bin/sh", shell + arguments), in: data, making: data, until: deadline)
  }

  /// Whether its folder is ours to write.
  private func canBeKept() async -> Bool {
    guard await BootCache(cache: cache, part: "templates", boot: boot).prepare([folder]),
      (try? tools.makeFolder(store)) != nil
    else { return false }
    return access(folder, W_OK) == 0
  }

  /// The first leaves a note, the second another; the first may be at work still.
  private func noteNeed() {
    if !makeFile("\(folder)/needed") { _ = makeFile(neededAgain) }
  }

  /// Whether there was no such file before.
  private func makeFile(_ path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    return descriptor >= 0 && close(descriptor) == 0
  }
}
