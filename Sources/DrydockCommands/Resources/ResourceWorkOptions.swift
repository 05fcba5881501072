import AppState
import ArgumentParser
import DrydockBase
import Emulator
import MonotonicTime
import Resources

/// The options of commands that change a created resource.
struct ResourceWorkOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Wait until it is done, as drydock does anyway.")
  var wait = false

  @Option(
    help: ArgumentHelp("Seconds until a resource that is not ready is an error.", valueName: "seconds"))
  var timeout: Double = 120

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard timeout > 0, timeout <= 1_000_000 else {
      throw ValidationError("--timeout takes a number of seconds above 0, a million at most")
    }
  }

  var session: Session { Session(common.shared) }

  /// Runs an operation with its progress shown, and prints `ACTION... ` with what it ended with.
  func run(
    _ action: String,
    _ body: (CreatedResources, ResourceWork) async throws -> (RackResource, ending: String)
  ) async throws {
    let session = session
    let display = UpDisplay(session.console)
    try await asConvox {
      let work = ResourceWork(
        choice: try common.shared.runtimeChoice(session.context), deadline: .after(.seconds(timeout)),
        events: display.events)
      let (resource, ending) = try await display.following {
        try await body(CreatedResources(context: session.context), work)
      }
      if common.format == .json { return try session.console.print(json: resource) }
      session.console.print("\(action) \(ending)")
    }
  }

  /// The same for an operation between a resource and an app: the one that `--app` names, else the folder's.
  func runLinking(
    _ action: (String) -> String,
    change: (CreatedResources, InstanceState, ResourceWork) async throws -> RackResource
  ) async throws {
    let app = try await asConvox { try await self.app() }
    try await run(action(app.handle)) { resources, work in
      let resource = try await change(resources, app, work)
      return (resource, "OK")
    }
  }

  private func app() async throws -> InstanceState {
    guard let name = common.shared.app else { return try await session.openInstance() }
    return try CreatedResources(context: session.context).app(
      named: name, in: (try? session.workspace())?.folder)
  }

  /// The app at hand, if a resource of its own convox.yml has that name.
  func appDeclaring(_ name: String) -> InstanceState? {
    guard let query = try? ResourceQuery(session), let app = query.app else { return nil }
    let own = query.lookup.targets(app: app).filter { !$0.isCreated }
    return own.contains { $0.name == name } ? app : nil
  }

  /// Refuses a name that no created resource has and one of the app's: what is asked for is done otherwise there.
  /// - Parameter removed: The remedy for one that the convox.yml no longer names; nil for the same.
  func refuseDeclared(_ name: String, instead remedy: String, removed: String? = nil) throws {
    let created = session.context.store.createdResources().map(\.handle)
    if !created.contains(name), let app = (try? ResourceQuery(session))?.app,
      app.resources[name]?.isRemoved == true
    {
      throw DrydockError(
        .failed, "\(name) is a resource of \(app.handle) that its convox.yml no longer names",
        suggestion: removed ?? remedy)
    }
    guard !created.contains(name), let app = appDeclaring(name) else { return }
    throw DrydockError(
      .failed, "\(name) is a resource of \(app.handle), declared in its convox.yml", suggestion: remedy)
  }
}
