package import DrydockBase
import Essentials

/// An instance whose state file is there and cannot be used.
package struct UnreadState: Error, Sendable, Hashable {
  /// The instance's id.
  package var id: String
  package var file: String
  /// Why it cannot be used.
  package var reason: StateFileError.Reason
  /// The same for a person.
  package var error: DrydockError
}

/// What is remembered of the instances on this machine, told apart from what cannot be read.
///
/// What guards data by looking at other instances has to look at both: an instance that cannot be read may be linked,
/// or have that name. Listings pass the unread ones over.
package struct StateSurvey: Sendable {
  /// Every instance that can be read, by handle.
  package var instances: [InstanceState] = []
  /// Every other.
  package var unread: [UnreadState] = []
  /// Why the instances could not even be listed; nil where they could.
  package var obstacle: DrydockError?

  /// All instances, for what must not overlook one.
  /// - Throws: `DrydockError.dataMismatch` naming the first file that cannot be read, or the folder of all of them.
  package func complete(_ purpose: String) throws -> [InstanceState] {
    if let obstacle { throw obstacle }
    if let first = unread.first { throw first.refusal("\(purpose) cannot be decided") }
    return instances
  }
}

extension UnreadState {
  /// What to do about it.
  package static let remedy =
    "restore the file; or list what it leaves, and give that up: drydock prune --damaged"

  /// The refusal of what this instance may be in the way of.
  package func refusal(_ message: String) -> DrydockError {
    DrydockError(
      .dataMismatch, "\(message), as an instance cannot be read: \(error.message)",
      suggestion: reason == .damaged ? Self.remedy : error.suggestion)
  }
}

extension StateStore {
  /// Looks at all instances.
  package func survey() -> StateSurvey { survey { _ in true } }

  /// The same of those instances alone whose ids are wanted.
  func survey(where isWanted: (String) -> Bool) -> StateSurvey {
    let folder = "\(home.root)/instances"
    var survey = StateSurvey()
    guard let ids = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      // None was made yet, or nobody can tell.
      if access(folder, F_OK) == 0 || errno != ENOENT {
        survey.obstacle = DrydockError(
          .cannotWrite, "\(folder) cannot be read", suggestion: "make the folder readable for you")
      }
      return survey
    }
    // What begins with a dot is being deleted.
    for id in ids where !id.beginsExactly(with: ".") && isWanted(id) {
      switch read(id) {
      case .success(let state?): survey.instances.append(state)
      case .success(nil): continue
      case .failure(let unread): survey.unread.append(unread)
      }
    }
    survey.instances.sort { $0.handle < $1.handle }
    survey.unread.sort { $0.id < $1.id }
    return survey
  }

  /// Every instance on this machine that can be read, by handle.
  package func all() -> [InstanceState] { survey().instances }
}
