import Synchronization

/// How many log streams of `convox start` are open, by the app.
///
/// The tool tells nobody which of its runs a request belongs to. So the services that a run has started end when somebody
/// says so who is the last to look on, and when the last one that looked on is gone and does not come back. Which services
/// those are is kept with them, as they go on when the rack is started anew.
final class DevelopmentSessions: Sendable {
  private struct Session {
    var streams = 0
    /// Counts openings, so that whoever waits sees that somebody came back.
    var opened = 0
  }

  private let sessions = Mutex<[String: Session]>([:])

  /// Whether somebody looks on besides whoever says that he ends.
  func hasOthers(_ id: String) -> Bool { sessions.withLock { ($0[id]?.streams ?? 0) > 1 } }

  /// Notes a log stream of the tool's.
  func open(_ id: String) {
    sessions.withLock { sessions in
      sessions[id, default: Session()].streams += 1
      sessions[id, default: Session()].opened += 1
    }
  }

  /// Notes its end.
  /// - Returns: What to ask `isAbandoned` with after a while; nil where another one is open.
  func close(_ id: String) -> Int? {
    sessions.withLock { sessions in
      sessions[id]?.streams -= 1
      guard let session = sessions[id], session.streams == 0 else { return nil }
      return session.opened
    }
  }

  /// Whether nobody has looked on since a stream's end.
  /// - Parameter opened: What `close` returned; 0 for the rack's beginning.
  func isAbandoned(_ id: String, since opened: Int) -> Bool {
    sessions.withLock { sessions in
      let session = sessions[id] ?? Session()
      return session.opened == opened && session.streams == 0
    }
  }
}
