import LocalServer
import MonotonicTime
import NIOHTTP1
import Synchronization

/// What is being done to which instance at this moment, by this server.
final class Activity: Sendable {
  private struct Work {
    var status: String
    var number: Int
    /// Whether all is done but for services that still come up, so that something else may begin.
    var isSettling = false
    /// Ends it; nil where it cannot be ended.
    var cancel: (@Sendable () -> Void)?
  }

  private struct State {
    var works: [String: Work] = [:]
    var last = 0
  }

  private let state = Mutex(State())

  /// `updating`, `rollback`, `deleting`, or `running` where nothing is being done.
  func status(of id: String) -> String { state.withLock { $0.works[id]?.status } ?? "running" }

  /// Notes the status while `body` works.
  /// - Throws: `HTTPFailure` with 409 when something else is being done already; what `body` throws.
  func during<Value>(_ status: String, _ id: String, _ body: () async throws -> Value) async throws -> Value {
    let number = try begin(status, id)
    defer { end(id, number) }
    return try await body()
  }

  /// Notes that something begins.
  /// - Returns: What it is known by.
  func begin(_ status: String, _ id: String) throws -> Int {
    try state.withLock { state in
      if let current = state.works[id], !current.isSettling {
        throw HTTPFailure(.conflict, "it is \(current.status) already; try again when that is through")
      }
      state.last += 1
      state.works[id] = Work(status: status, number: state.last)
      return state.last
    }
  }

  /// The same, once what is being done is through.
  /// - Throws: `TimeoutError`, `CancellationError`.
  func begin(_ status: String, _ id: String, until deadline: Deadline) async throws -> Int {
    var pause = Backoff(limit: .milliseconds(100))
    while true {
      do { return try begin(status, id) } catch let error as HTTPFailure {
        guard !deadline.hasPassed else { throw error }
      }
      try await pause.sleep(until: deadline, "what is being done to the app")
    }
  }

  /// Has the work ended by `cancel` from now on.
  func allow(_ id: String, _ number: Int, cancel: @escaping @Sendable () -> Void) {
    change(id, number) { $0?.cancel = cancel }
  }

  /// Notes that only services come up any more, and what `cancel` does from now on.
  func settle(_ id: String, _ number: Int, cancel: @escaping @Sendable () -> Void) {
    change(id, number) { work in
      work?.isSettling = true
      work?.cancel = cancel
    }
  }

  /// Notes that the services have come up; what is taken back meanwhile goes on.
  func endSettling(_ id: String, _ number: Int) {
    change(id, number) { if $0?.isSettling == true { $0 = nil } }
  }

  /// Has what comes up taken back: as a rack does, under another status, and nothing else begins until that is through.
  /// - Returns: Whether it comes up still.
  func takeBack(_ id: String, _ number: Int) -> Bool {
    var isTaken = false
    change(id, number) { work in
      guard work?.isSettling == true else { return }
      work = Work(status: "rollback", number: number)
      isTaken = true
    }
    return isTaken
  }

  func end(_ id: String, _ number: Int) { change(id, number) { $0 = nil } }

  private func change(_ id: String, _ number: Int, _ change: (inout Work?) -> Void) {
    state.withLock { state in
      guard state.works[id]?.number == number else { return }
      change(&state.works[id])
    }
  }

  /// Whether services come up still, as that is not taken back and nothing else has begun.
  func isSettling(_ id: String, _ number: Int) -> Bool {
    state.withLock { $0.works[id].map { $0.number == number && $0.isSettling } ?? false }
  }

  /// Ends what is being done.
  /// - Returns: Whether there was something that can be ended.
  func cancel(_ id: String) -> Bool {
    let cancel = state.withLock { $0.works[id]?.cancel }
    cancel?()
    return cancel != nil
  }
}
