#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Temporary files of writers that were killed.
enum LeftoverFiles {
  /// How old one is at least: between making it and locking it a writer may be interrupted for a moment.
  private static let age = 60

  /// Removes them from a folder. A file counts as abandoned only if it is named as drydock's are, belongs to this user,
  /// was not touched for a minute, and nobody holds its lock, which its writer does until it is in place.
  /// - Parameter base: A descriptor of the folder that the path is relative to.
  static func remove(from folder: String, relativeTo base: Int32) {
    let descriptor = openat(base, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    guard let directory = fdopendir(descriptor) else {
      close(descriptor)
      return
    }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if isOurs(name) { removeIfAbandoned(dirfd(directory), name) }
    }
  }

  private static func isOurs(_ name: String) -> Bool {
    guard name.hasPrefix(".drydock-"), name.hasSuffix(".tmp") else { return false }
    let middle = name.dropFirst(9).dropLast(4)
    return !middle.isEmpty && middle.count <= 13 && UInt64(middle, radix: 36) != nil
  }

  private static func removeIfAbandoned(_ folder: Int32, _ name: String) {
    let descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_uid == geteuid() else {
      return
    }
    #if canImport(Darwin)
      let touched = info.st_mtimespec.tv_sec
    #else
      let touched = info.st_mtim.tv_sec
    #endif
    guard time(nil) - touched >= age, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return }
    unlinkat(folder, name, 0)
  }
}
