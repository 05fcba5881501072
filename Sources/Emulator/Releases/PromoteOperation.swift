package import AppState
import ConvoxManifest
import DrydockBase
package import MonotonicTime
package import Planning
import Resources

/// Applies a release: the app env becomes the release's, and the app's resources are brought up with it.
///
/// As on a rack, a promotion that fails leaves the app env as it was before.
package struct PromoteOperation: Sendable {
  private let context: DrydockContext
  private let instance: InstanceState
  private let choice: RuntimeChoice
  private let notice: @Sendable (String) -> Void

  /// A promotion for an instance.
  /// - Parameter notice: Told what the `up` finds worth a line.
  package init(
    context: DrydockContext, instance: InstanceState, choice: RuntimeChoice,
    notice: @escaping @Sendable (String) -> Void
  ) {
    self.context = context
    self.instance = instance
    self.choice = choice
    self.notice = notice
  }

  /// Carries it out.
  /// - Parameters:
  ///   - workspace: Where the app's manifest is; nil for an app without one.
  ///   - rollOut: Has the services run as the release says, once the resources are up. What it throws takes the promotion
  ///     back.
  /// - Throws: `DrydockError` for a release that does not exist; `ManifestError` for a manifest that the new values
  ///   make wrong; what the `up` throws.
  package func run(
    _ release: String, in workspace: Workspace?, until deadline: Deadline,
    rollOut: (InstanceState) async throws -> Void = { _ in }
  ) async throws {
    let history = try await context.store.releases(of: instance.id)
    guard let release = history.release(release) else {
      throw DrydockError(.usage, "no such release: \(release)")
    }
    // A wrong manifest is told before anything changes.
    let manifest = try workspace?.load(
      appEnvironment: release.environment, catalog: context.catalog)
    // In the rack's own words, without a place in a file that the rack has no copy of.
    if let missing = manifest?.missingRequiredEnvironment(release.environment) {
      throw DrydockError(.failed, missing.message)
    }
    let before = try await activate(release)
    guard let workspace else { return }
    do {
      try await rollOut(try await up(workspace, deadline).run().state)
    } catch {
      try await restore(before, after: release)
      throw error
    }
  }

  private func up(_ workspace: Workspace, _ deadline: Deadline) -> UpOperation {
    UpOperation(
      context: context, workspace: workspace, app: nil, extraEnvironment: [:], choice: choice,
      options: UpOptions(deadline: deadline),
      events: UpOperation.UpEvents(phase: { _, _ in }, notice: notice, planned: { _ in }))
  }

  /// What there was before a promotion.
  private struct Before: Sendable {
    var environment: [String: String]
    var active: String?
  }

  private func activate(_ release: Release) async throws -> Before {
    try await context.store.updateReleases(instance.id) { state, history in
      let before = Before(environment: state.appEnvironment, active: history.active)
      state.appEnvironment = release.environment
      history.activate(release.id)
      return before
    }
  }

  /// Takes the promotion back, unless somebody changed the app env in the meantime.
  private func restore(_ before: Before, after release: Release) async throws {
    try await context.store.updateReleases(instance.id) { state, history in
      guard history.active == release.id, state.appEnvironment == release.environment else { return }
      state.appEnvironment = before.environment
      history.activate(before.active)
    }
  }
}

extension StateStore {
  /// Makes a release that is not active yet.
  /// - Parameter build: The build whose code it is; nil for that of the newest release, empty for none.
  package func createRelease(
    _ id: String, environment: [String: String], description: String, build: String? = nil
  ) async throws -> Release {
    try await updateReleases(id) { state, history in
      history.record(state.appEnvironment, "app env of drydock")
      let code = build ?? history.releases.first?.build
      let release = Release(
        environment: environment, description: description, build: code?.isEmpty == true ? nil : code)
      history.add(release)
      return release
    }
  }
}
