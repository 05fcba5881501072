import Emulator

/// Changes the app env that is kept with the instance.
struct AppEnvironmentEdit {
  private let session: Session

  init(_ session: Session) {
    self.session = session
  }

  func change(_ edit: (inout [String: String]) -> Void) async throws {
    let instance = try await session.openInstance()
    try await session.context.store.updateAppEnvironment(instance.id, rack: session.rack, edit)
  }
}
