package import AppState

extension SupervisorProcess {
  /// How services are served.
  package struct Wishes: Sendable {
    /// The app's folder and manifest.
    package var workspace: Workspace
    /// What `--env-file` adds to the app env.
    package var extraEnvironment: [String: String] = [:]
    /// The rack whose app env is taken; nil for the local one.
    package var rack: String?
    /// The app env that counts in place of the instance's; nil for the instance's.
    package var appEnvironment: [String: String]?
    /// The services; all of the manifest's where none is named.
    package var services: [String] = []
    /// How they are started.
    package var options = ServiceOptions()
    /// Whether the first one that ends by itself ends all.
    package var exitsOnFailure = false
    /// Whether it goes on when the terminal is gone.
    package var isDetached = false

    /// Everything as usual.
    package init(workspace: Workspace) { self.workspace = workspace }
  }
}
