import ConvoxEnvironment
import DrydockBase
import Essentials
import LocalFiles

/// Whose a manifest is that nobody named. Its commands are run and its links are followed, so that one which another
/// user has put above the current folder, or which leads to another file of the caller's, is not taken for theirs.
package struct ManifestOrigin {
  /// Where it was found.
  package let manifest: String
  /// What messages call it.
  package let name: String

  private var folder: String { URL(filePath: manifest).deletingLastPathComponent().path }

  /// Refuses a manifest whose owner, or whose folder's owner, is neither the caller nor root, nor for root the user
  /// who called sudo, nor the owner of the current folder, whose checkout a build machine's root may work on.
  /// - Throws: `DrydockError.notTrusted`.
  package func refuseStrangers(from currentDirectory: String, _ environment: [String: String]) throws {
    let trusted = Self.trusted(currentDirectory, environment)
    for path in [manifest, folder] {
      for status in [Self.status(path, lstat), Self.status(path, stat)].compactMap(\.self)
      where !trusted.contains(status.st_uid) {
        throw refusal("\(path) belongs to \(userName(status.st_uid))")
      }
    }
    // Where everybody may rename, a file's owner does not say who put it there.
    guard !folder.isExactly(currentDirectory), let status = Self.status(folder, stat),
      status.st_uid != geteuid(),
      status.st_mode & S_IWOTH != 0, status.st_mode & S_ISVTX == 0
    else { return }
    throw refusal("\(folder), where \(name) lies, may be written by every user")
  }

  /// Refuses a link out of the repository: an error about the manifest would show what it leads to.
  /// - Throws: `DrydockError.notTrusted`.
  package func refuseLinkElsewhere() throws {
    guard let status = Self.status(manifest, lstat), status.st_mode & S_IFMT == S_IFLNK else { return }
    let target = URL(filePath: manifest).resolvingSymlinksInPath().path
    let root = repository
    let inside = root == "/" ? "/" : "\(root)/"
    guard
      !target.beginsExactly(with: inside)
        || target.utf8.dropFirst(inside.utf8.count).split(separator: UInt8(ascii: "/"))
          .contains(where: { $0.elementsEqual(".git".utf8) })
    else { return }
    throw refusal("\(name) is a link out of \(root), to \(target)")
  }

  /// The nearest folder upward that git knows, else the manifest's own.
  private var repository: String {
    let own = URL(filePath: folder).resolvingSymlinksInPath().path
    return Folder.upward(from: own).first { Self.status("\($0)/.git", lstat) != nil } ?? own
  }

  private func refusal(_ message: String) -> DrydockError {
    DrydockError(.notTrusted, message, suggestion: "if you trust it, name it: --manifest \(manifest)")
  }

  private static func trusted(_ currentDirectory: String, _ environment: [String: String]) -> [uid_t] {
    var users = [geteuid(), 0]
    if let owner = status(currentDirectory, stat)?.st_uid { users.append(owner) }
    if geteuid() == 0, let caller = environment["SUDO_UID"].flatMap(uid_t.init) { users.append(caller) }
    return users
  }

  private static func status(
    _ path: String, _ call: (UnsafePointer<CChar>, UnsafeMutablePointer<stat>) -> Int32
  ) -> stat? {
    var status = stat()
    return call(path, &status) == 0 ? status : nil
  }
}
