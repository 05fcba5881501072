import Synchronization

/// The log streams of apps that the tool holds open: the one place that knows when one is opened and when it is gone.
final class LogStreams: Sendable {
  /// A change.
  enum Change: Sendable, Hashable {
    /// One was opened that begins so many seconds ago.
    case opened(since: Double)
    /// One was closed, or the tool is gone.
    case closed
  }

  /// Told of each change, with the app's id.
  typealias Observer = @Sendable (_ app: String, _ change: Change) -> Void

  private let open = Mutex<[String: Int]>([:])
  private let observer = Mutex<Observer?>(nil)

  /// Has somebody told of each change from now on, in place of whoever was.
  func observe(_ observer: @escaping Observer) { self.observer.withLock { $0 = observer } }

  /// How many are open of an app.
  func count(of app: String) -> Int { open.withLock { $0[app] ?? 0 } }

  /// Carries one on, which is open meanwhile.
  func during<Value>(_ app: String, since: Double, _ body: () async throws -> Value) async rethrows -> Value {
    change(app, by: 1, .opened(since: since))
    defer { change(app, by: -1, .closed) }
    return try await body()
  }

  private func change(_ app: String, by count: Int, _ change: Change) {
    open.withLock { open in
      open[app, default: 0] += count
      if open[app] == 0 { open[app] = nil }
    }
    observer.withLock(\.self)?(app, change)
  }
}
