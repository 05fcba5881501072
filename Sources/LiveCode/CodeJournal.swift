import FileWatch
import Synchronization

/// What has changed in the app's tree since each service's image was built, so that a container which is made anew has it
/// too.
///
/// Changes are numbered. An image has all up to the number at which its build began; what came later goes into the container
/// once that runs.
package final class CodeJournal: Sendable {
  private struct Book {
    var image: String?
    /// The number up to which the image has everything.
    var built = 0
    var changes: [String: (number: Int, change: TreeChange)] = [:]
  }

  private struct State {
    var number = 0
    var books: [String: Book] = [:]
  }

  /// A container that was started.
  struct Arrival: Sendable, Hashable {
    let service: String
    let container: String
    /// The number up to which its image has everything.
    let mark: Int
  }

  private let state = Mutex(State())
  /// The containers that were started.
  let arrivals = Inbox<Arrival>()
  /// One build at a time: who comes second finds what the first one built.
  package let turns = Turns()

  /// A journal of an app of which nothing has changed yet.
  package init() {}

  /// Notes what changed of what a service's image holds.
  func note(_ changes: [TreeChange], of service: String) {
    state.withLock { state in
      state.number += 1
      for change in changes {
        state.books[service, default: Book()].changes[change.path] = (state.number, change)
      }
    }
  }

  /// The number now: to be asked for before a build begins.
  package var mark: Int { state.withLock(\.number) }

  /// Notes the image of a service.
  /// - Parameter mark: The number when its build began.
  package func built(_ image: String, of service: String, at mark: Int) {
    state.withLock { state in
      var book = state.books[service] ?? Book()
      book.image = image
      book.built = max(book.built, mark)
      book.changes = book.changes.filter { $0.value.number > mark }
      state.books[service] = book
    }
  }

  /// The image that has everything up to a number; nil where something has changed since it was built.
  func image(of service: String) -> (image: String, mark: Int)? {
    state.withLock { state in
      guard let book = state.books[service], book.changes.isEmpty, let image = book.image else { return nil }
      return (image, book.built)
    }
  }

  /// The number up to which a service's image has everything.
  func mark(of service: String) -> Int { state.withLock { $0.books[service]?.built ?? 0 } }

  /// Whether an image of a service is on record, however old.
  package func knows(_ service: String) -> Bool { state.withLock { $0.books[service]?.image != nil } }

  /// What has changed behind a number.
  func changes(of service: String, since mark: Int) -> [TreeChange] {
    state.withLock { state in
      let changes = state.books[service]?.changes.values.filter { $0.number > mark } ?? []
      return changes.map(\.change).sorted { $0.path < $1.path }
    }
  }

  /// Tells that a container was started.
  func started(_ container: String, of service: String, mark: Int) {
    guard !changes(of: service, since: mark).isEmpty else { return }
    arrivals.post(Arrival(service: service, container: container, mark: mark))
  }
}
