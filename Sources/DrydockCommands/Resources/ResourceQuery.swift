import AppState
import DrydockBase
import Emulator
import Resources

/// Where a resource command looks: the app that its options or folder mean, if any, and all that was created.
struct ResourceQuery: Sendable {
  let lookup: ResourceLookup
  /// The app; nil where there is neither an instance nor a manifest.
  let app: InstanceState?
  private let session: Session

  init(_ session: Session) throws {
    self.session = session
    let (options, context) = (session.options, session.context)
    let app = try Self.app(session)
    // A manifest that the user named, and that of a folder which never had an `up`.
    let workspace = options.manifest != nil || app == nil ? try? session.workspace() : nil
    if options.manifest != nil, workspace == nil { _ = try session.workspace() }
    self.app = app ?? workspace.map(Self.neverUp)
    self.lookup = ResourceLookup(
      context: context, workspace: workspace, additions: try session.extraEnvironment())
  }

  private static func app(_ session: Session) throws -> InstanceState? {
    let found = try session.existingInstance()
    if found?.created == nil { return found }
    guard let name = session.options.app else { return nil }
    throw UnknownName.error("app", name, known: session.context.store.apps().map(\.handle))
  }

  /// An app of which nothing exists yet but its manifest.
  private static func neverUp(_ workspace: Workspace) -> InstanceState {
    let name = workspace.folder.appName
    return InstanceState(id: "", handle: name, app: name, path: workspace.folder.path, resourcePassword: "")
  }

  /// The app, for what means nothing without one.
  func requiredApp() throws -> InstanceState {
    if let app { return app }
    do {
      _ = try session.workspace()
    } catch var error as DrydockError {
      error.suggestion = "change to the app's folder, or name the app: --app NAME"
      throw error
    }
    throw DrydockError(.failed, "this folder has no app")
  }
}
