package import AppState
import Essentials
import NativeProcess

/// What a cache holds for native servers: templates of their data, and servers put together anew.
package struct KeptTemplates: Sendable {
  private let cache: String
  private let boot: String

  /// What lies in a cache.
  package init(cache: String, boot: String? = bootIdentity()) {
    self.cache = cache
    self.boot = boot ?? ""
  }

  /// The names in the cache that are told of here.
  package static let names = ["templates", "servers", "server-banners.json"]

  /// All of it, sorted by its place.
  package func entries() -> [CacheEntry] {
    let answers = "\(cache)/server-banners.json"
    return folders("templates").compactMap(template) + folders("servers").map(server)
      + (Folder.exists(answers) ? [CacheEntry(.answers, name: "server versions", at: answers)] : [])
  }

  /// Removes a template. Nobody finds half of one.
  /// - Returns: Whether it is gone: not where somebody uses or makes it.
  package func remove(_ entry: CacheEntry) async throws -> Bool {
    let isOurs = [.template, .server].contains(entry.kind) && !entry.isInUse
    guard isOurs, Folder.isOwn(cache), Folder.isOwn(entry.path) else { return false }
    // A server that runs reads the files of its own until the machine stops.
    if entry.kind == .server {
      guard entry.condition != .ready else { return false }
      try await Folder.removeTree(entry.path)
      return true
    }
    // Who begins to make it meanwhile finds it gone, and makes it anew the next time.
    guard !InstanceLock.isHeld("\(entry.path)/making"), let hold = CacheHold.alone(entry.path) else {
      return false
    }
    defer { _ = hold }
    let aside = "\(entry.path).gone-\(InstanceDirectory.randomID())"
    guard rename(entry.path, aside) == 0 else { return false }
    try await Folder.removeTree(aside)
    return true
  }

  /// Those folders of a kind that are of this user's: of each boot.
  private func folders(_ kind: String) -> [String] {
    Self.names(in: "\(cache)/\(kind)").filter { UUID(uuidString: $0) != nil }.flatMap { boot in
      Self.names(in: "\(cache)/\(kind)/\(boot)").map { "\(cache)/\(kind)/\(boot)/\($0)" }
    }.filter(Folder.isOwn)
  }

  private static func names(in folder: String) -> [String] {
    guard Folder.isOwn(folder) else { return [] }
    return FileManager.default.readableNames(in: folder).sorted()
  }

  private func isOfThisBoot(_ folder: String) -> Bool {
    URL(filePath: folder).deletingLastPathComponent().lastPathComponent == boot
  }

  /// Nil where there is no more than a note that one was needed.
  private func template(_ folder: String) -> CacheEntry? {
    let (archive, seal) = ("\(folder)/store/data.tar", "\(folder)/sealed")
    let isMaking = InstanceLock.isHeld("\(folder)/making")
    guard Folder.exists(seal) || Folder.exists(archive) || isMaking || isLeft(folder) else { return nil }
    let condition: CacheEntry.Condition =
      if isLeft(folder) || !Folder.exists(seal) {
        .unfinished
      } else if !isOfThisBoot(folder) || TemplateOrigin(in: folder)?.isCurrent == false {
        .outdated
      } else {
        isWhole(archive, seal) ? .ready : .damaged
      }
    let (name, version) = Self.words(folder)
    return CacheEntry(
      .template, name: name, version: version, condition: condition,
      isInUse: isMaking || CacheHold.isHeld(folder), at: folder, mark: seal)
  }

  /// Whether its removal was cut short.
  private func isLeft(_ folder: String) -> Bool {
    URL(filePath: folder).lastPathComponent.contains(".gone-")
  }

  /// What a use looks at before it reads all of it.
  private func isWhole(_ archive: String, _ seal: String) -> Bool {
    var info = stat()
    guard lstat(archive, &info) == 0, let words = FileManager.default.contents(atPath: seal) else {
      return false
    }
    return DataTemplate.isOfLength(
      archive, String(decoding: words, as: UTF8.self).split(separator: " "), info.st_uid)
  }

  private func server(_ folder: String) -> CacheEntry {
    let (name, version) = Self.words(folder)
    let isUnfinished = URL(filePath: folder).lastPathComponent.contains(".new-")
    return CacheEntry(
      .server, name: name, version: version,
      condition: !isOfThisBoot(folder) ? .outdated : isUnfinished ? .unfinished : .ready,
      isInUse: isUnfinished && isOfThisBoot(folder), at: folder)
  }

  /// `NAME-VERSION-KEY`, as a folder is called.
  static func words(_ folder: String) -> (name: String, version: String?) {
    let words = URL(filePath: folder).lastPathComponent.split(separator: "-").map(String.init)
    guard words.count > 2, let version = words.dropLast().last else { return (words.first ?? "", nil) }
    return (words.dropLast(2).joined(separator: "-"), version)
  }
}
