package import AppState
package import Planning

/// What a test run asks of its throw-away instance.
package struct TestRequest: Sendable {
  /// The app's folder and manifest.
  package var workspace: Workspace
  /// What the app is called; nil for its own name.
  package var app: String?
  /// What is added to the app env.
  package var extraEnvironment: [String: String]
  /// The app env to take, by the rack that it is kept for; nil for the local one.
  package var rack: String?
  /// Where its servers run.
  package var choice: RuntimeChoice
  /// The resources to bring up; nil for all.
  package var selected: Set<String>?
  /// How long its servers have to be ready.
  package var patience: Duration
  /// What it is filled with before its command runs.
  package var seeds: SeedRequest
  /// Whether SQL servers are those that run already, with new databases in them.
  package var isShared: Bool

  /// A request.
  package init(
    workspace: Workspace, app: String? = nil, extraEnvironment: [String: String] = [:], rack: String? = nil,
    choice: RuntimeChoice = .auto, selected: Set<String>? = nil, patience: Duration = .seconds(120),
    seeds: SeedRequest = SeedRequest(), isShared: Bool = false
  ) {
    self.workspace = workspace
    self.app = app
    self.extraEnvironment = extraEnvironment
    self.rack = rack
    self.choice = choice
    self.selected = selected
    self.patience = patience
    self.seeds = seeds
    self.isShared = isShared
  }
}
