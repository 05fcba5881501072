import Essentials

/// Holds something in the cache, so that nobody removes it meanwhile. Any number may hold it to use it; whoever removes it
/// holds it alone. The hold ends with the process, however that ends.
package struct CacheHold: ~Copyable {
  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// The file that is locked. Engines on a template hold it as well: see `drydock-keeper`.
  package static let fileName = "in-use"

  /// Holds a folder to use what is in it, beside others who do.
  /// - Returns: Nil where it is just being removed, or no lock can be had: it is done without then.
  package static func use(_ folder: String) -> CacheHold? { hold(folder, LOCK_SH) }

  /// Holds a folder alone.
  /// - Returns: Nil where somebody uses it, or no lock can be had.
  package static func alone(_ folder: String) -> CacheHold? { hold(folder, LOCK_EX) }

  /// Whether somebody uses or removes what is in a folder at this moment.
  package static func isHeld(_ folder: String) -> Bool {
    let file = open("\(folder)/\(fileName)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return false }
    defer { close(file) }
    return flock(file, LOCK_EX | LOCK_NB) != 0
  }

  private static func hold(_ folder: String, _ mode: Int32) -> CacheHold? {
    let path = "\(folder)/\(fileName)"
    let file = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { return nil }
    let hold = CacheHold(descriptor: file)
    var (ours, there) = (stat(), stat())
    guard flock(file, mode | LOCK_NB) == 0, fstat(file, &ours) == 0, lstat(path, &there) == 0,
      ours.st_ino == there.st_ino, ours.st_dev == there.st_dev
    else { return nil }
    return hold
  }
}
