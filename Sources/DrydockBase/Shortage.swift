#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a system can run out of.
package enum Shortage {
  /// Whether an error number says that the system, or the share of it that a user or a process has, is used up.
  package static func isShortage(_ errno: Int32) -> Bool { remedy(errno) != nil }

  /// What to do about it; nil for an error number that says something else. `fork` fails by EAGAIN, which is no
  /// shortage in most other calls, so it counts only where a process was to be started.
  package static func remedy(_ errno: Int32, ofProcess: Bool = false) -> String? {
    switch errno {
    case EMFILE: "a process may have \(openFiles) files open here; more: ulimit -n 4096"
    case ENFILE: "this machine has no more file descriptors: end something, or raise fs.file-max"
    case ENOMEM: "there is too little memory, or ulimit -v allows too little"
    case EAGAIN where ofProcess: "this user may run no more processes; see ulimit -u, and what runs already"
    default: nil
    }
  }

  /// How many files this process may have open.
  private static var openFiles: Int { Int(clamping: max(0, sysconf(Int32(_SC_OPEN_MAX)))) }
}
