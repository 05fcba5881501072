import Foundation

/// The host directory of an efs resource.
public struct SharedDirectory: Sendable {
  /// The resource's name.
  public let resource: String
  private let folder: String
  private let options: [String: String]

  /// The directory of a resource of an instance.
  public init(resource: String, options: [String: String], home: StateHome, id: String) {
    self.resource = resource
    self.folder = home.resource(resource, of: id)
    self.options = options
  }

  /// The directory that services see: the option `path` inside the resource's file system.
  public var path: String {
    let inside = (options["path"] ?? "/").split(separator: "/").filter { $0 != "." && $0 != ".." }
    return ([folder, "files"] + inside.map(String.init)).joined(separator: "/")
  }

  /// Makes the directory with its owner and permissions. One that exists keeps what it has.
  ///
  /// Only root may give a directory away; without that right it stays the caller's.
  /// - Returns: What differs from what the options ask for, in a sentence, once: when it is made.
  @discardableResult
  public func make() throws -> String? {
    guard !Folder.exists(path) else { return nil }
    let mode = mode_t(options["permissions"] ?? "0777", radix: 8) ?? 0o777
    // The permissions decide who may use it, so nothing above it may stand in the way.
    try Folder.make(path, mode: mode, above: getuid() == 0 ? 0o711 : 0o700)
    guard let user = options["owner-uid"].flatMap(uid_t.init),
      let group = options["owner-gid"].flatMap(gid_t.init)
    else { return nil }
    guard getuid() == 0 else {
      guard user != getuid() || group != getgid() else { return nil }
      return "its owner \(user):\(group) takes root to set; it belongs to you, \(getuid()):\(getgid())"
    }
    guard chown(path, user, group) == 0, chmod(path, mode) == 0 else {
      throw Folder.failure("give away", path)
    }
    return nil
  }

  /// Removes the directory with everything in it.
  func delete() throws {
    try Folder.remove(folder)
  }
}
