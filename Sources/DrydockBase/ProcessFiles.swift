#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Whether `/proc` tells of the processes among which this one is, and is there at all.
///
/// In a chroot it may be missing, or be that of another process namespace. Then a number means another process there
/// than here: what runs would be misjudged, and what is ended would be a stranger's. libdispatch, which looks for its
/// own threads there, stops the program at a random moment, by SIGILL.
package enum ProcessFiles {
  /// - Throws: `DrydockError` with `.unavailable` where it is another's or missing.
  package static func check() throws(DrydockError) {
    #if os(Linux)
      try check(selfLink: target(of: "/proc/self"), pid: getpid())
    #endif
  }

  /// By what `/proc/self` points to: the number that the reader has in the namespace of `/proc`.
  static func check(selfLink: String?, pid: pid_t) throws(DrydockError) {
    guard selfLink != "\(pid)" else { return }
    let fault = selfLink == nil ? "does not show this process" : "belongs to another process namespace"
    throw DrydockError(
      .unavailable, "/proc \(fault)", suggestion: "mount the right one: mount -t proc proc /proc")
  }

  private static func target(of link: String) -> String? {
    var bytes = [CChar](repeating: 0, count: 32)
    let count = readlink(link, &bytes, bytes.count)
    return count < 0 ? nil : bytes.withUnsafeBytes { String(decoding: $0.prefix(count), as: UTF8.self) }
  }
}
