import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Runs a function that recurses deeply on a thread with a stack of the given size, and waits for it.
///
/// The caller's own stack may be as small as half a megabyte; the wait is as long as the work itself.
/// - Returns: What the function returned; nil if the system gave no thread.
func onThread<Value: Sendable>(stackSize: Int, _ work: @escaping @Sendable () -> Value) -> Value? {
  let result = ThreadResult<Value>()
  // Allocated, not initialised by Swift: which module its initialiser belongs to, glibc's or that of a library whose
  // headers include glibc's, depends on the order in which an optimising build reads them.
  let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
  defer { attributes.deallocate() }
  guard pthread_attr_init(attributes) == 0 else { return nil }
  defer { pthread_attr_destroy(attributes) }
  guard pthread_attr_setstacksize(attributes, stackSize) == 0 else { return nil }
  let body = ThreadBody { result.value.withLock { $0 = work() } }
  let argument = Unmanaged.passRetained(body)
  #if canImport(Darwin)
    var thread: pthread_t?
  #else
    var thread = pthread_t()
  #endif
  guard pthread_create(&thread, attributes, runThreadBody, argument.toOpaque()) == 0 else {
    argument.release()
    return nil
  }
  #if canImport(Darwin)
    if let thread { pthread_join(thread, nil) }
  #else
    pthread_join(thread, nil)
  #endif
  return result.value.withLock { $0 }
}

private final class ThreadResult<Value: Sendable>: Sendable {
  let value = Mutex<Value?>(nil)
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

#if canImport(Darwin)
  private func runThreadBody(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
    return nil
  }
#else
  private func runThreadBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run() }
    return nil
  }
#endif
