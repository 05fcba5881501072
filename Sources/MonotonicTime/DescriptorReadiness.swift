import Dispatch
import Synchronization

/// What a descriptor is waited for.
package enum DescriptorInterest: Sendable {
  /// That there is something to read, or the end.
  case read
  /// That there is room to write.
  case write
}

/// Waits until `descriptor` can be read or written without blocking.
///
/// Every task that waits for a descriptor does it here. No thread is held meanwhile, and when this returns or throws nothing
/// watches the descriptor any more, so its owner may close it at once. The descriptor must be one that can be
/// waited for: a socket, a pipe, a terminal.
/// - Throws: `TimeoutError` naming `subject` at the deadline, `CancellationError` when cancelled.
package func waitUntilReady(
  _ descriptor: Int32, for interest: DescriptorInterest, until deadline: Deadline,
  _ subject: @autoclosure () -> String
) async throws {
  try Task.checkCancellation()
  guard !deadline.hasPassed else { throw TimeoutError(subject()) }
  let watch = DescriptorWatch(interest, on: descriptor, until: deadline)
  let ending = await withTaskCancellationHandler {
    await withCheckedContinuation { watch.start($0) }
  } onCancel: {
    watch.end(.cancelled)
  }
  switch ending {
  case .ready: return
  case .timedOut: throw TimeoutError(subject())
  case .cancelled: throw CancellationError()
  }
}

/// One wait for one descriptor: a dispatch source beside a timer, ended by whichever comes first.
private final class DescriptorWatch: Sendable {
  enum Ending: Sendable {
    case ready
    case timedOut
    case cancelled
  }

  private struct State {
    var ending: Ending?
    var waiter: CheckedContinuation<Ending, Never>?
  }

  /// Serial and shared: a handler only notes how its wait ended.
  private static let queue = DispatchQueue(label: "drydock.readiness")

  private let state = Mutex(State())
  // Dispatch objects may be used from any thread; the overlay does not declare it everywhere.
  private nonisolated(unsafe) let source: any DispatchSourceProtocol
  // The same.
  private nonisolated(unsafe) let timer: any DispatchSourceTimer

  init(_ interest: DescriptorInterest, on descriptor: Int32, until deadline: Deadline) {
    source =
      switch interest {
      case .read: DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: Self.queue)
      case .write: DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: Self.queue)
      }
    timer = DispatchSource.makeTimerSource(queue: Self.queue)
    timer.schedule(deadline: .now() + deadline.remaining.dispatchInterval, leeway: .milliseconds(1))
  }

  /// Begins to watch. The handlers hold this object until the source's cancel handler has run.
  func start(_ waiter: CheckedContinuation<Ending, Never>) {
    state.withLock { $0.waiter = waiter }
    source.setEventHandler { self.end(.ready) }
    timer.setEventHandler { self.end(.timedOut) }
    source.setCancelHandler { self.resume() }
    timer.activate()
    source.activate()
  }

  /// Notes how the wait ended, the first time, and has the source let go of the descriptor.
  ///
  /// A source cancelled before it was activated runs its cancel handler on activation.
  func end(_ ending: Ending) {
    state.withLock { $0.ending = $0.ending ?? ending }
    source.cancel()
    timer.cancel()
  }

  /// The source's cancel handler: only from here on is nobody watching the descriptor.
  private func resume() {
    source.setEventHandler(handler: nil)
    timer.setEventHandler(handler: nil)
    let (waiter, ending) = state.withLock { state in
      defer { state.waiter = nil }
      return (state.waiter, state.ending)
    }
    waiter?.resume(returning: ending ?? .cancelled)
  }
}

extension Duration {
  /// The same span for Dispatch, held within what it can count.
  fileprivate var dispatchInterval: DispatchTimeInterval {
    let (seconds, attoseconds) = components
    guard seconds < 1_000_000_000 else { return .never }
    return .nanoseconds(Int(seconds * 1_000_000_000 + attoseconds / 1_000_000_000))
  }
}
