import Synchronization

/// What was said of services that are prepared again and again, so that it is said once.
final class ToldNotices: Sendable {
  private let told = Mutex<Set<String>>([])

  /// Whether that was not said before.
  func isNew(_ text: String) -> Bool { told.withLock { $0.insert(text).inserted } }
}
