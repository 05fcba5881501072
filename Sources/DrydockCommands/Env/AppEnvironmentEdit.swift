import Emulator

/// Changes the app env that is kept with the instance.
struct AppEnvironmentEdit {
  private let session: Session

  init(_ session: Session) {
    self.session = session
  }

  func change(_ edit: (inout [String: String]) -> Void) async throws {
    let instance = try await session.openInstance()
    try await session.context.store.update(instance.id) { [rack = session.rack] in
      $0.editAppEnvironment(rack: rack, edit)
    }
  }
}
