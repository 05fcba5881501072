import ArgumentParser
import Emulator
import MonotonicTime

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
    do {
      try await asConvox {
        let work = ResourceWork(
          choice: try common.shared.runtimeChoice(session.context), deadline: .after(.seconds(timeout)),
          events: display.events)
        let (resource, ending) = try await body(CreatedResources(context: session.context), work)
        await display.close()
        if common.format == .json { return try session.console.print(json: resource) }
        session.console.print("\(action) \(ending)")
      }
    } catch {
      await display.close()
      throw error
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
    return try CreatedResources(context: session.context).app(named: name)
  }
}
