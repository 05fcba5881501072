import AppState
import ConvoxManifest
import DrydockBase
import Emulator
import Essentials
import MonotonicTime
import NativeProcess
import Resources
import Services

/// What a command works with: the world, the options, the app.
struct Session: Sendable {
  let context: DrydockContext
  let options: SharedOptions
  let console: Console
  /// The rack whose app env is taken; nil for the local one.
  private(set) var rack: String?

  init(_ options: SharedOptions, context: DrydockContext = .ofCommand) {
    self.context = context
    self.options = options
    self.console = Console(options)
  }

  /// The session with the app env of the rack that the option names.
  /// - Parameter isNewAllowed: Whether nothing has to be kept for it yet.
  func selecting(_ option: RackOption, isNewAllowed: Bool = false) throws -> Session {
    var session = self
    session.rack = option.name
    if !isNewAllowed, let name = option.name {
      let state =
        try existingInstance(allowsNewName: true)
        ?? InstanceState(id: "", handle: "", app: "", path: "", resourcePassword: "")
      state.unknownRack(name).map(console.warn)
    }
    return session
  }

  /// The folder with the manifest.
  func workspace() throws -> Workspace {
    try Workspace.find(
      manifest: options.manifest, from: context.currentDirectory, environment: context.environment)
  }

  /// The folder with the manifest; nil where there is none.
  /// - Throws: `DrydockError.notTrusted` for one that is somebody else's.
  private func workspaceIfPresent() throws -> Workspace? {
    do {
      return try workspace()
    } catch let error as DrydockError where error.code == .manifestMissing {
      return nil
    }
  }

  /// What `--app` names: an app, else a resource that was created on its own.
  private func instance(named name: String) -> InstanceState? {
    context.directory.app(named: name, in: (try? workspace())?.folder)
      ?? context.directory.instance(handle: name)
  }

  /// The instance that exists: the one that `--app` names, else the one of the folder; nil when there is none.
  ///
  /// The handle works from anywhere, also when the folder is gone.
  /// - Parameter allowsNewName: Whether `--app` may name an app that a folder without an instance is going to be.
  func existingInstance(allowsNewName: Bool = false) throws -> InstanceState? {
    if let app = options.app {
      if let instance = instance(named: app) { return instance }
      // Where there is no instance yet, the name is the one that it is going to have.
      if allowsNewName, let folder = try workspaceIfPresent()?.folder,
        try context.directory.existing(in: folder) == nil
      {
        return nil
      }
      throw UnknownName.error("app", app, known: context.store.apps().map(\.handle))
    }
    let folder = try workspaceIfPresent()?.folder ?? AppFolder(context.presentDirectory())
    return try context.directory.existing(in: folder)
  }

  /// The instance of the folder whose state cannot be read, for what can be done without; of all of them.
  func unreadInstances(all: Bool) -> [UnreadState] {
    if all { return context.store.survey().unread }
    guard options.app == nil else { return [] }
    guard let folder = (try? workspace())?.folder ?? (try? context.presentDirectory()).map(AppFolder.init)
    else {
      return []
    }
    return context.directory.unread(in: folder).map { [$0] } ?? []
  }

  /// The instance that exists.
  /// - Throws: `DrydockError` when the app never had an `up`.
  func requiredInstance() throws -> InstanceState {
    if let instance = try existingInstance() { return instance }
    // Without a manifest there is nothing that could be started.
    _ = try workspace()
    throw withoutResources
  }

  /// The instance whose services run.
  /// - Throws: `DrydockError` where the app was never started.
  func startedInstance() throws -> InstanceState {
    if let instance = try existingInstance() { return instance }
    _ = try workspace()
    throw SupervisorProcess.notStarted
  }

  /// The error about an app that never had an `up`.
  var withoutResources: DrydockError {
    DrydockError(.failed, "this app was never started here", suggestion: "start it: \(firstStart)")
  }

  /// The command that starts an app for the first time.
  var firstStart: String {
    let manifest = try? workspace().load(appEnvironment: [:], catalog: context.catalog)
    return manifest?.services.isEmpty == false
      ? "drydock start; its resources alone: drydock up" : "drydock up"
  }

  /// The instance that exists, else a new one of the folder.
  func openInstance() async throws -> InstanceState {
    if let existing = try existingInstance(allowsNewName: true) { return existing }
    return try await context.directory.open(
      try workspace().folder, app: options.app, until: .after(.seconds(30)), notice: console.note)
  }

  /// The workspace of the instance that `--app` names, else of the folder.
  func workspaceOfInstance() throws -> Workspace {
    guard let app = options.app, options.manifest == nil,
      let instance = instance(named: app)
    else { return try workspace() }
    if instance.created?.isDrain == true {
      throw DrydockError(
        .failed, "\(app) is a syslog resource: it has no variables and no manifest",
        suggestion: "its URL: drydock resources url \(app)")
    }
    return try Workspace.find(in: instance.path, from: context.currentDirectory)
  }

  /// The same; nil where there is no manifest.
  /// - Throws: `DrydockError.notTrusted` for one that is somebody else's.
  func workspaceOfInstanceIfPresent() throws -> Workspace? {
    do {
      return try workspaceOfInstance()
    } catch let error as DrydockError where error.code == .manifestMissing {
      return nil
    }
  }

  /// The workspace of the folder; where there is none, of the instance that `--app` names.
  func workspaceToBringUp() throws -> Workspace {
    if let app = options.app, instance(named: app)?.created != nil {
      throw DrydockError(
        .usage, "\(app) is no app, but a resource that was created on its own",
        suggestion: "start it: drydock resources start \(app)")
    }
    do {
      return try workspace()
    } catch let error as DrydockError where error.code == .manifestMissing && options.manifest == nil {
      guard let app = options.app, instance(named: app) != nil else { throw error }
      return try workspaceOfInstance()
    }
  }

  /// The app env: what is kept with the instance, and what `--env-file` adds.
  func appEnvironment(_ state: InstanceState?) throws -> [String: String] {
    (state?.appEnvironment(rack: rack) ?? [:]).merging(try extraEnvironment(state)) { $1 }
  }

  /// The instance, where there is one that can be found; what stands in the way is another's to tell.
  var instanceIfKnown: InstanceState? { (try? existingInstance(allowsNewName: true)) ?? nil }

  /// What `--env-file` adds to the app env, with what there is to say of it told.
  func extraEnvironment(_ known: InstanceState? = nil) throws -> [String: String] {
    let extra = try ExtraEnvironment(options.environmentFiles)
    // Without files there is nothing to look for.
    if !options.environmentFiles.isEmpty { extra.tell(self, known ?? instanceIfKnown) }
    return extra.values
  }

  /// The manifest with what it means, warnings told.
  func manifest(_ workspace: Workspace, _ state: InstanceState?) throws -> Manifest {
    try workspace.load(appEnvironment: try appEnvironment(state), catalog: context.catalog)
  }

  /// Says which of the created resources that an app is linked to do not run.
  func warnOfIdleLinks(of app: InstanceState) async throws {
    for name in try await StatusOperation(context: context).idleLinks(of: app) {
      console.warn("the created \(name) is linked and not running; start it: drydock resources start \(name)")
    }
  }
}

extension DrydockContext {
  /// The context of a command, which goes on in the background by drydock's own executable.
  static var ofCommand: DrydockContext {
    var context = live
    context.program = Keeper.ownExecutable
    return context
  }
}
