import AppState
import Engines
import Essentials
import LocalFiles
package import MonotonicTime
package import NativeProcess

extension Spares {
  /// Copies a template, unless that would take more room than it should.
  /// - Parameters:
  ///   - name: The template's name.
  ///   - folder: A new folder on the spares' file system, in which engines' users may pass and which goes with this process.
  /// - Returns: Whether there is a spare now. One that could not be made is not tried again for a while.
  /// - Throws: `TimeoutError`, `CancellationError`.
  @discardableResult
  package func make(
    _ name: String, in folder: String, by keeper: Keeper, environment: [String: String],
    until deadline: Deadline
  ) async throws -> Bool {
    let source = "\(home.cache)/templates/\(boot)/\(name)"
    guard let tools = tools(for: source, keeper, environment),
      let template = DataTemplate(kept: source, cache: home.cache, boot: boot, tools: tools),
      let hold = CacheHold.use(source)
    else { return false }
    defer { _ = hold }
    // As long as nobody says otherwise: whoever is killed in the midst of it would be again.
    noteFailure(of: source)
    let made = "\(folder)/\(name)"
    do {
      guard hasRoom(for: template), try await fill(made, from: template, until: deadline),
        try put(made, of: name, template.origin)
      else { return false }
    } catch let error where error is TimeoutError || error is CancellationError {
      throw error
    } catch {
      // A full disk, most likely: the template is copied when it is needed.
      return false
    }
    unlink(DataTemplate.failedMark(in: source))
    return true
  }

  private func noteFailure(of template: String) {
    let mark = DataTemplate.failedMark(in: template)
    let file = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    if file >= 0 { close(file) }
    CacheMark.touch(mark)
  }

  /// The engine's user by whom a template was made: an archive is whose it was then.
  private func tools(for template: String, _ keeper: Keeper, _ environment: [String: String]) -> EngineTools?
  {
    var info = stat()
    guard Folder.isOwn(template), lstat("\(template)/store", &info) == 0 else { return nil }
    if geteuid() != 0 {
      guard info.st_uid == geteuid() else { return nil }
      return EngineTools(user: nil, keeper: keeper, environment: environment)
    }
    guard info.st_uid != 0, let user = ProcessUser.numbered(info.st_uid) else { return nil }
    return EngineTools(user: user, keeper: keeper, environment: environment)
  }

  /// Whether there is room for it where instances keep their data.
  private func hasRoom(for template: DataTemplate) -> Bool {
    var (info, room) = (stat(), statvfs())
    // Elsewhere, as where something is mounted at the engines' own folder, it could not be renamed.
    if let engines = Folder.device(home.engines), engines.first != Folder.device(making)?.first {
      return false
    }
    guard lstat(template.archive, &info) == 0, statvfs(making, &room) == 0 else { return false }
    let bytes = Int64(info.st_size)
    let others = entries().reduce(0) { $0 + $1.bytes }
    return bytes <= SpareLimits.bytes && others + bytes <= SpareLimits.allBytes
      && UInt64(room.f_bavail) * UInt64(room.f_frsize) >= SpareLimits.reserve + 2 * UInt64(bytes)
  }

  /// Whether a folder holds a copy now, and what tells whether it is as it was.
  private func fill(_ made: String, from template: DataTemplate, until deadline: Deadline) async throws
    -> Bool
  {
    let data = "\(made)/data"
    try Folder.make(made, mode: geteuid() == 0 ? 0o711 : 0o700)
    try template.tools.makeFolder(data)
    guard try await template.unpack(into: data, until: deadline) else { return false }
    let measure = try await DataOverlay.measure(data, by: template.tools.keeper, until: deadline)
    try DirectoryDescriptor(made, followingLink: false).replace(
      URL(filePath: SparePlace.seal(in: made)).lastPathComponent, with: Array(measure.utf8), mode: 0o600,
      isDurable: false)
    return chmod(made, 0o700) == 0
  }

  private func put(_ made: String, of name: String, _ origin: TemplateOrigin) throws -> Bool {
    let place = place(of: name)
    for path in [folder, "\(folder)/\(boot)", place.folder] {
      try Folder.make(path, mode: path == folder && geteuid() == 0 ? 0o711 : 0o700)
      guard Folder.isOwn(path) else { return false }
    }
    guard let hold = CacheHold.alone(place.folder) else { return false }
    defer { _ = hold }
    if place.isComplete { return true }
    try Folder.remove(place.ready)
    try DirectoryDescriptor(place.folder, followingLink: false).replace(
      TemplateOrigin.fileName, with: Array(JSONEncoder().encode(origin)), mode: 0o600, isDurable: false)
    return rename(made, place.ready) == 0
  }
}

extension DataTemplate {
  /// What it is called in the cache.
  var name: String { URL(filePath: folder).lastPathComponent }

  /// The file whose time of change says when durable data was made of it last.
  static func durableMark(in folder: String) -> String { "\(folder)/durable" }

  /// The file whose time of change says when no spare could be made of it.
  static func failedMark(in folder: String) -> String { "\(folder)/no-spare" }

  /// Notes that durable data was made of it, or of what it is to be made of.
  func noteDurable() {
    let mark = Self.durableMark(in: folder)
    let file = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    if file >= 0 { close(file) }
    CacheMark.touch(mark)
  }

  /// Unpacks it into an empty folder.
  /// - Returns: Whether that is whole; if not, what is in it is good for nothing.
  func unpack(into data: String, until deadline: Deadline) async throws -> Bool {
    guard isComplete else { return false }
    async let intact = isIntact(making: data, until: deadline)
    try await tar(["-xpf", archive, "-C", data], making: data, until: deadline)
    guard try await intact else {
      discard()
      return false
    }
    return true
  }
}
