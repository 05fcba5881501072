import AppState
import Emulator

/// Changes the app env that is kept with the instance.
struct AppEnvironmentEdit {
  private let session: Session

  init(_ session: Session) {
    self.session = session
  }

  /// Sets values, an instance made for them if need be.
  func set(_ values: [String: String]) async throws {
    try AppEnvironmentOperation.refuse(values)
    try await operation().set(values)
  }

  /// Makes any other change.
  func change(_ edit: (inout [String: String]) -> Void) async throws {
    try await operation().change(edit)
  }

  private func operation() async throws -> AppEnvironmentOperation {
    let workspace = try session.workspaceOfInstanceIfPresent()
    return AppEnvironmentOperation(
      context: session.context, instance: try await session.openInstance(), workspace: workspace,
      rack: session.rack, additions: try session.extraEnvironment(),
      notice: session.console.warn)
  }
}
