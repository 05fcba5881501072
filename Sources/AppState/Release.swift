package import Essentials

/// One state of an app's env and code, as a rack keeps them: made by a change of the env or by a build, applied by a
/// promotion.
package struct Release: Sendable, Hashable, Codable {
  /// `R` and ten upper-case letters.
  package var id: String
  /// The app env.
  package var environment: [String: String]
  /// Where it comes from, in a few words.
  package var description: String
  /// The build whose code it is; nil before the first one.
  package var build: String?
  /// When it was made, by the wall clock.
  package var created: Date

  /// A release of that env, with an id of its own.
  package init(
    environment: [String: String], description: String, build: String? = nil, created: Date = Date()
  ) {
    self.id = RackName.make("R")
    self.environment = environment
    self.description = description
    self.build = build
    self.created = created
  }
}

/// The releases of one app.
///
/// The active one holds what the app env is; a newer one was made and not promoted.
package struct ReleaseHistory: Sendable, Hashable, StateContent {
  /// The format that this version of drydock writes.
  package static let currentFormat = 1
  /// How many are kept; the active one is kept besides.
  package static let limit = 100

  /// The format of the file.
  package var format = ReleaseHistory.currentFormat
  /// The id of the one that the app env was taken from; nil before the first.
  package private(set) var active: String?
  /// All of them, the newest first.
  package private(set) var releases: [Release] = []

  /// A history without a release.
  package init() {}

  /// The release of that id.
  package func release(_ id: String) -> Release? { releases.first { $0.id == id } }

  /// Puts a release on top.
  package mutating func add(_ release: Release) {
    releases.insert(release, at: 0)
    if releases.count > Self.limit {
      releases = releases.enumerated().filter { $0.offset < Self.limit || $0.element.id == active }.map(
        \.element)
    }
  }

  /// Notes that the app env was taken from this one.
  package mutating func activate(_ id: String?) { active = id }

  /// Whether the active release says what the app env is. An app that never had a variable needs no release.
  package func agrees(with environment: [String: String]) -> Bool {
    guard let release = active.flatMap(release) else { return environment.isEmpty }
    return release.environment == environment
  }

  /// Has the newest release, a new one if need be, say what the app env is.
  package mutating func settle(on environment: [String: String], _ description: String) {
    if let newest = releases.first, newest.environment == environment { return activate(newest.id) }
    if releases.isEmpty, environment.isEmpty { return }
    let release = Release(
      environment: environment, description: description, build: releases.first?.build)
    add(release)
    activate(release.id)
  }

  /// Adds what the app env is as the active release, where it was changed otherwise than by a promotion.
  package mutating func record(_ environment: [String: String], _ description: String) {
    guard !agrees(with: environment) else { return }
    let release = Release(
      environment: environment, description: description, build: releases.first?.build)
    add(release)
    activate(release.id)
  }
}
