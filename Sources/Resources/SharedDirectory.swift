package import AppState
import ConvoxEnvironment
import DrydockBase
import Essentials
package import LocalFiles

/// The host directory of an efs resource.
///
/// The file system is a folder of drydock's user; in it others write: services, and the owner that the options name. So
/// nothing in it is reached but from its folder on, a component at a time, and no link in it is followed.
package struct SharedDirectory: Sendable {
  /// The resource's name.
  package let resource: String
  private let folder: String
  private let options: [String: String]

  /// The directory of a resource of an instance.
  package init(resource: String, options: [String: String], home: StateHome, id: String) {
    self.resource = resource
    self.folder = home.resource(resource, of: id)
    self.options = options
  }

  /// The directory that services see: the option `path` inside the resource's file system.
  package var path: String { ([fileSystem] + inside).joined(separator: "/") }

  /// The same for `drydock-mount`, which follows no link behind the two slashes.
  package var mountSource: String {
    inside.isEmpty ? fileSystem : "\(fileSystem)//\(inside.joined(separator: "/"))"
  }

  private var fileSystem: String { "\(folder)/\(Self.name)" }
  private static let name = "files"

  private var inside: [String] {
    (options["path"] ?? "/").splitExactly(at: "/").filter { $0 != "." && $0 != ".." }
  }

  /// Makes the directory with its owner and permissions. One that exists keeps what it has.
  ///
  /// Only root may give a directory away; without that right it stays the caller's.
  /// - Returns: What differs from what the options ask for, in a sentence, once: when it is made.
  /// - Throws: `DrydockError`, for a link below the share too.
  @discardableResult
  package func make() throws -> String? {
    let mode = mode_t(options["permissions"] ?? "0777", radix: 8) ?? 0o777
    // The permissions decide who may use it, so nothing above it may stand in the way.
    let above: mode_t = getuid() == 0 ? 0o711 : 0o700
    try Folder.make(folder, mode: above, above: above)
    let made = try explaining { () throws(DirectoryError) -> DirectoryDescriptor? in
      var directory = try DirectoryDescriptor(searching: folder)
      let names = [Self.name] + inside
      for name in names.dropLast() { directory = try directory.makingDirectory(name, mode: above) }
      guard let last = names.last, try directory.directory(last) == nil else { return nil }
      return try directory.makingDirectory(last, mode: mode)
    }
    guard let made, let user = options["owner-uid"].flatMap(uid_t.init),
      let group = options["owner-gid"].flatMap(gid_t.init)
    else { return nil }
    guard getuid() == 0 else {
      guard user != getuid() || group != getgid() else { return nil }
      return "its owner \(user):\(group) takes root to set; it belongs to you, \(getuid()):\(getgid())"
    }
    guard fchown(made.descriptor, user, group) == 0, fchmod(made.descriptor, mode) == 0 else {
      throw Folder.failure("give away", path)
    }
    return nil
  }

  /// Opens the directory; nil where it was not made yet.
  /// - Throws: `DrydockError`, for a link below the share too.
  package func open() throws -> DirectoryDescriptor? {
    guard Folder.exists(folder) else { return nil }
    return try explaining { () throws(DirectoryError) -> DirectoryDescriptor? in
      var directory = try DirectoryDescriptor(searching: folder)
      for name in [Self.name] + inside {
        guard let next = try directory.directory(name) else { return nil }
        directory = next
      }
      return directory
    }
  }

  private func explaining<Value>(_ body: () throws(DirectoryError) -> Value) throws -> Value {
    do throws(DirectoryError) {
      return try body()
    } catch {
      throw DrydockError(
        .cannotWrite, "cannot use the directory of \(resource): \(error)",
        suggestion: error.isRefusal
          ? "no link is followed there: remove it, or name another path in convox.yml" : error.remedy)
    }
  }

  /// Removes the directory with everything in it.
  package func delete() async throws {
    try await Folder.removeTree(folder)
  }
}
