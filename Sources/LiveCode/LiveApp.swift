package import LocalFiles

/// An app whose code is carried to its services: all that this asks of whoever runs them.
package protocol LiveApp: Sendable {
  /// The app's folder.
  var root: DirectoryDescriptor { get }

  /// What is watched where no plan can be made: the files that are wrong.
  var fallback: LivePlan { get }

  /// What is to be watched now.
  func plan() async throws -> LivePlan

  /// What code is carried into.
  func target() async throws -> any CodeTarget

  /// The image of a service as the tree is now; nil for one that is not built.
  func image(of service: String) async throws -> String?

  /// Has a service run as it is prepared now: built, and its replicas replaced.
  func renew(_ service: String) async throws

  /// convox.yml has changed.
  func manifestChanged()

  /// Told of what happens.
  func tell(_ event: LiveEvent)
}

/// Something that happens while code is carried.
package enum LiveEvent: Sendable {
  /// Files went into containers: a line for people.
  case synced(String)
  /// A service is prepared anew: a line that says why.
  case renewing(String)
  /// Something that could not be done; what runs goes on as it is.
  case failed(any Error)
}
