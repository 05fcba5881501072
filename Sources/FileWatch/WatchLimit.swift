import DrydockBase

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Why the system tells of no changes.
struct WatchLimit: Error {
  let reason: DrydockError

  static func error(_ number: Int32) -> WatchLimit {
    let what = "the system tells of no more changes of files"
    switch number {
    case ENOSPC:
      return WatchLimit(
        reason: DrydockError(
          .unavailable, "\(what): its watches are used up",
          suggestion: "allow more: sudo sysctl fs.inotify.max_user_watches=524288"))
    case EMFILE, ENFILE:
      return WatchLimit(
        reason: DrydockError(
          .unavailable, "\(what): this user's watchers are used up",
          suggestion: "allow more: sudo sysctl fs.inotify.max_user_instances=512"))
    default:
      return WatchLimit(reason: DrydockError(.unavailable, "\(what): \(String(cString: strerror(number)))"))
    }
  }
}
