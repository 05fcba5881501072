package import AppState
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import MonotonicTime
import Resources

/// `env set`, `unset` and `copy`: changes the app env, and the env files with it.
package struct AppEnvironmentOperation: Sendable {
  private let context: DrydockContext
  private let instance: InstanceState
  /// The app's manifest, for what it declares and for the env files; nil where there is none.
  private let workspace: Workspace?
  private let rack: String?
  private let additions: [String: String]
  private let notice: @Sendable (String) -> Void

  /// A change to an instance's app env.
  /// - Parameters:
  ///   - rack: The rack whose app env it is; nil for the local one.
  ///   - additions: What `--env-file` adds for the env files.
  package init(
    context: DrydockContext, instance: InstanceState, workspace: Workspace?, rack: String? = nil,
    additions: [String: String] = [:], notice: @escaping @Sendable (String) -> Void
  ) {
    self.context = context
    self.instance = instance
    self.workspace = workspace
    self.rack = rack
    self.additions = additions
    self.notice = notice
  }

  /// Refuses what no app env can hold.
  /// - Throws: `DrydockError.usage`.
  package static func refuse(_ values: [String: String]) throws {
    for (name, value) in sorted(values) {
      guard let obstacle = AppEnvironmentRules.obstacle(name: name, value: value) else { continue }
      throw DrydockError(
        .usage, "\(name) \(obstacle)", suggestion: "nothing was set: leave it out, or mend it")
    }
  }

  /// Sets values.
  /// - Throws: `DrydockError.usage` for what cannot be set, and then nothing was changed.
  package func set(_ values: [String: String]) async throws {
    try Self.refuse(values)
    for (name, value) in Self.sorted(values) {
      if let warning = AppEnvironmentRules.warning(name: name, value: value) { notice(warning) }
    }
    try await change { $0.merge(values) { $1 } }
    workspace?.undeclared(values.keys.sorted(), appEnvironment: values, catalog: context.catalog).forEach(
      notice)
  }

  private static func sorted(_ values: [String: String]) -> [(name: String, value: String)] {
    values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) }
  }

  /// Makes a change. A file that cannot be brought up to date is only told: the change itself is made.
  package func change(_ edit: (inout [String: String]) -> Void) async throws {
    let taken = try await context.store.updateAppEnvironment(instance.id, rack: rack, edit)
    if !taken.isEmpty {
      notice("the newest release was not promoted, and is in force now too: \(taken.joined(separator: ", "))")
    }
    guard instance.created == nil else { return }
    do {
      let held = try await context.store.hold(
        instance.id, called: instance.handle, until: .after(.seconds(30)), notice: notice)
      defer { _ = held }
      try EnvironmentFiles.refresh(held.state, workspace, context, adding: additions, notice)
    } catch let error as CancellationError {
      throw error
    } catch {
      notice("the env files still hold the old variables: \(Self.reason(error))")
    }
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? ManifestError else { return DrydockError(error).message }
    return error.diagnostics.first { $0.severity == .error }?.text ?? ""
  }
}
