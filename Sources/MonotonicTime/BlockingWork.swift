import Dispatch

/// Runs work that blocks, such as the removal of a large folder, so that no thread of the pool is held by it.
///
/// It cannot be cancelled: whoever awaits it gets its end.
package func offThePool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value
{
  try await withCheckedThrowingContinuation { continuation in
    blockingQueue.async { continuation.resume(with: Result { try work() }) }
  }
}

/// Serial: what waits for the disk gains nothing by doing it side by side.
private let blockingQueue = DispatchQueue(label: "drydock.blocking")

/// Where an actor runs whose work waits for the disk, in place of the pool.
package final class BlockingExecutor: SerialExecutor {
  private let queue: DispatchQueue

  /// An executor with a thread of its own while there is something to do.
  package init(label: String) { queue = DispatchQueue(label: label) }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
