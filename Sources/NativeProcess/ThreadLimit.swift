import DrydockBase

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether this process can have the threads that it needs.
///
/// The runtime waits for ever for one that the system does not give it, so this is asked first, where a limit of the
/// caller's makes it doubtful: threads count as processes of the user, and each needs address space for its stack.
package enum ThreadLimit {
  /// Below that a limit of processes is looked at, and one of address space, in bytes.
  private static let doubtful: (processes: UInt64, space: UInt64) = (4096, 4 << 30)

  /// - Throws: `NativeProcessError` with `.shortage` where there are too few.
  package static func check() throws(NativeProcessError) {
    #if os(Linux)
      let processes = softLimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue))
      let space = softLimit(__rlimit_resource_t(RLIMIT_AS.rawValue))
    #else
      let (processes, space) = (softLimit(RLIMIT_NPROC), softLimit(RLIMIT_AS))
    #endif
    guard processes < doubtful.processes || space < doubtful.space else { return }
    // Two pools that have one for each processor, and what waits for signals, commands and descriptors.
    guard !canStart(8 + 2 * min(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 16)) else { return }
    let remedy =
      space < doubtful.space
      ? Shortage.remedy(ENOMEM) : Shortage.remedy(EAGAIN, ofProcess: true)
    throw NativeProcessError(.shortage(EAGAIN), "there are too few threads to go on", suggestion: remedy)
  }

  #if os(Linux)
    private typealias Resource = __rlimit_resource_t
  #else
    private typealias Resource = Int32
  #endif

  private static func softLimit(_ resource: Resource) -> UInt64 {
    var limit = rlimit()
    return getrlimit(resource, &limit) == 0 ? UInt64(limit.rlim_cur) : .max
  }

  /// Starts as many threads at once, and ends them.
  private static func canStart(_ count: Int) -> Bool {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return false }
    var threads: [pthread_t] = []
    for _ in 0..<count {
      guard let thread = start(waitingFor: ends[0]) else { break }
      threads.append(thread)
    }
    // The end of the pipe is what they wait for.
    close(ends[1])
    for thread in threads { pthread_join(thread, nil) }
    close(ends[0])
    return threads.count == count
  }

  private static func start(waitingFor descriptor: Int32) -> pthread_t? {
    let argument = UnsafeMutableRawPointer(bitPattern: Int(descriptor) + 1)
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let code = pthread_create(
      &thread, nil,
      { argument in
        let descriptor = Int32(Int(bitPattern: argument) - 1)
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) < 0, errno == EINTR {}
        return nil
      }, argument)
    return code == 0 ? thread : nil
  }
}
