import NIOHTTP1
import Synchronization

/// Work that goes on after its request has been answered, such as the creation of a resource.
///
/// It runs in the server's own task group: the server ends when it has ended, and cancels it at its deadline.
package final class BackgroundWork: Sendable {
  /// A piece of work.
  package typealias Job = @Sendable () async -> Void

  private let jobs: AsyncStream<Job>
  private let continuation: AsyncStream<Job>.Continuation
  private let hasEnded = Mutex(false)

  /// Whether the server is ending, so that nothing should be waited for.
  package var isStopped: Bool { hasEnded.withLock { $0 } }

  /// No work yet.
  package init() {
    (jobs, continuation) = AsyncStream.makeStream(of: Job.self)
  }

  /// Hands in a job.
  /// - Throws: `HTTPFailure` when the server is ending.
  package func start(_ job: @escaping Job) throws {
    guard case .enqueued = continuation.yield(job) else {
      throw HTTPFailure(.serviceUnavailable, "the server is being stopped")
    }
  }

  /// Takes no more jobs.
  func stop() {
    hasEnded.withLock { $0 = true }
    continuation.finish()
  }

  /// Runs the jobs side by side, until it is stopped and the last one has ended.
  @concurrent
  func run() async {
    await withDiscardingTaskGroup { group in
      for await job in jobs { group.addTask { await job() } }
    }
  }
}
