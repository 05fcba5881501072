import Synchronization

/// What `convox start` has brought up of which app, and how many of its log streams are open.
///
/// The tool tells nobody which of its runs a request belongs to. So the services that a run has started end when somebody
/// says so who is the last to look on, and when the last one that looked on is gone and does not come back.
final class DevelopmentSessions: Sendable {
  private struct Session {
    var services: Set<String> = []
    var streams = 0
    /// Counts openings, so that whoever waits sees that somebody came back.
    var opened = 0
  }

  private let sessions = Mutex<[String: Session]>([:])

  /// Notes services that did not run before a run of the tool.
  func claim(_ services: Set<String>, of id: String) {
    sessions.withLock { $0[id, default: Session()].services.formUnion(services) }
  }

  /// Forgets what was claimed: it was deployed since, and is to stay.
  func release(_ id: String) { sessions.withLock { $0[id]?.services = [] } }

  /// The services to stop where the tool says that it ends: none as long as another one looks on.
  func take(_ id: String) -> Set<String> {
    sessions.withLock { sessions in
      guard let session = sessions[id], session.streams <= 1 else { return [] }
      sessions[id]?.services = []
      return session.services
    }
  }

  /// Notes a log stream of the tool's.
  func open(_ id: String) {
    sessions.withLock { sessions in
      sessions[id, default: Session()].streams += 1
      sessions[id, default: Session()].opened += 1
    }
  }

  /// Notes its end.
  /// - Returns: What to ask `isAbandoned` with after a while; nil where nothing would have to be stopped.
  func close(_ id: String) -> Int? {
    sessions.withLock { sessions in
      sessions[id]?.streams -= 1
      guard let session = sessions[id], session.streams == 0, !session.services.isEmpty else { return nil }
      return session.opened
    }
  }

  /// Whether nobody has looked on since a stream's end.
  func isAbandoned(_ id: String, since opened: Int) -> Bool {
    sessions.withLock { $0[id].map { $0.opened == opened && $0.streams == 0 } ?? false }
  }
}
