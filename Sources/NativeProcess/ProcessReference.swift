import CProcessDescriptor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A process to be signalled. Where the system has descriptors of processes (Linux 5.3), a signal reaches this very one:
/// a later process of its number comes to no harm, not even one that gets it between the look and the signal.
struct ProcessReference: ~Copyable {
  let pid: Int32
  /// -1 where the system has none.
  let descriptor: Int32

  /// Nil when there is no process of that number.
  init?(_ pid: Int32) {
    let descriptor = pid > 1 ? drydock_process_open(pid) : -1
    let isThere = pid > 1 && (descriptor >= 0 || errno != ESRCH)
    self.pid = pid
    self.descriptor = descriptor
    if !isThere { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func signal(_ number: Int32) {
    _ = descriptor >= 0 ? drydock_process_signal(descriptor, number) : kill(pid, number)
  }
}

extension ProcessTable {
  /// Signals a process that is what it is expected to be, looked at while it is held.
  static func signal(_ pid: Int32, _ number: Int32, if isExpected: (Entry) -> Bool) {
    guard let process = ProcessReference(pid), let entry = entry(pid), isExpected(entry) else { return }
    process.signal(number)
  }

  /// Signals that very process.
  static func signal(_ expected: Entry, _ number: Int32) {
    signal(expected.pid, number) { $0.start == expected.start }
  }
}
