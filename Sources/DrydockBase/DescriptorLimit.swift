import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How many files this process may have open at once (RLIMIT_NOFILE).
///
/// drydock raises its own soft limit, since many resources take many descriptors; what it starts has the limit that
/// the caller had set. There is one such limit for a whole process, so this is one of the few things that are global.
package enum DescriptorLimit {
  /// The caller's soft limit, once it was raised; what is started gets it back.
  private static let callers = Mutex<UInt64?>(nil)

  /// More is of no use, and some programs look at each descriptor that they might have.
  private static let most: UInt64 = 65_536
  /// Without that many nothing works: what drydock itself has open, and what one command that it runs takes.
  private static let least = 48
  /// What starting a command takes: three pipes, a file, the process itself, with some to spare.
  private static let perCommand = 14

  /// The caller's soft limit, where it is not this process's own any more.
  package static var ofCaller: UInt64? { callers.withLock { $0 } }

  /// The soft limit now.
  package static var current: Int { Int(clamping: limits()?.rlim_cur ?? 256) }

  /// Raises the soft limit to the hard one.
  /// - Throws: `DrydockError` with `isShortage` where there are too few to work with.
  package static func raise() throws(DrydockError) {
    guard var limit = limits() else { return }
    let soft = UInt64(limit.rlim_cur)
    let wanted = min(UInt64(limit.rlim_max), most)
    if soft < wanted {
      limit.rlim_cur = rlim_t(wanted)
      if set(&limit) { callers.withLock { $0 = soft } }
    }
    if current < 256 { try require(least) }
  }

  /// Puts the caller's limit back, for a program that takes this process's place.
  package static func restore() {
    guard let soft = ofCaller, var limit = limits() else { return }
    limit.rlim_cur = rlim_t(soft)
    if set(&limit) { callers.withLock { $0 = nil } }
  }

  /// How many things may be done at once that each start commands or hold connections: as many as there are
  /// descriptors for, which is more than anybody asks for under the usual limits.
  package static var width: Int { max(1, (current - least) / perCommand) }

  /// Makes sure that a command can be started. The library that starts them ends this process ("was not closed")
  /// where it gets some of the descriptors that it needs, and not all.
  /// - Throws: `DrydockError` with `isShortage`.
  package static func requireCommand() throws(DrydockError) { try require(perCommand) }

  /// Makes sure that so many descriptors are free, by taking them for a moment; one caller after the other, so that
  /// they do not take them from each other.
  /// - Throws: `DrydockError` with `isShortage`.
  package static func require(_ count: Int) throws(DrydockError) {
    let error = callers.withLock { _ in
      var taken: [Int32] = []
      defer { taken.forEach { close($0) } }
      for _ in 0..<count {
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        // Whatever else is wrong with it is told where it matters.
        guard descriptor >= 0 else { return Shortage.isShortage(errno) ? errno : 0 }
        taken.append(descriptor)
      }
      return 0
    }
    if error != 0 { throw shortage(error) }
  }

  private static func shortage(_ number: Int32) -> DrydockError {
    DrydockError(
      .failed, "there are too few file descriptors to go on: \(String(cString: strerror(number)))",
      suggestion: Shortage.remedy(number), isShortage: true)
  }

  private static func limits() -> rlimit? {
    var limit = rlimit()
    #if canImport(Glibc)
      let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    #else
      let result = getrlimit(RLIMIT_NOFILE, &limit)
    #endif
    return result == 0 ? limit : nil
  }

  private static func set(_ limit: inout rlimit) -> Bool {
    #if canImport(Glibc)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    #else
      setrlimit(RLIMIT_NOFILE, &limit) == 0
    #endif
  }
}
