package import AppState
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
package import Emulator
import Essentials
import MonotonicTime
package import NativeProcess
import Planning
import Resources
package import Services

/// A throw-away instance of an app's resources: ports, passwords and data of its own, in a home of its own. It goes with
/// the process that made it.
package struct TestInstance: ~Copyable {
  /// Its id, which is its folder's name.
  package var id: String { folder.id }
  /// Its folder.
  package var path: String { folder.path }
  /// Where its resources are reached, by the names of variables.
  package var urls: [String: String] {
    let found = variables.variablesOfResources().filter { $0.name.endsExactly(with: "_URL") }
    return Dictionary(found.map { ($0.name, $0.value) }) { $1 }
  }
  /// What came of bringing it up.
  package let variables: AppVariables
  /// The context in which it is: its home is the instance's own.
  let context: DrydockContext
  private let folder: ThrowAwayFolder
  private let folderGuard: FolderGuard
  private let durable: StateHome

  /// Brings one up.
  /// - Parameters:
  ///   - durable: The user's own context.
  ///   - place: Told where its data lies.
  package static func begin(
    _ request: TestRequest, _ durable: DrydockContext, events: UpOperation.UpEvents,
    place: (ThrowAwayPlace) -> Void
  ) async throws -> TestInstance {
    try durable.home.refuseOthers()
    let keeper = try durable.nativeKeeper()
    let known = try durable.directory.candidate(for: request.workspace.folder, app: request.app)
    let environment = (known?.appEnvironment(rack: request.rack) ?? [:]).merging(request.extraEnvironment) {
      $1
    }
    let manifest = try request.workspace.load(appEnvironment: environment, catalog: durable.catalog)
    let specs = try ResourceSpec.specs(of: manifest, in: durable.catalog, appEnvironment: environment)
    let deadline = Deadline.after(request.patience)
    await ThrowAwayLeftovers(home: durable.home, keeper: keeper).sweep(until: deadline)
    let chosen = ThrowAwayPlace.choose(
      durable.home, for: specs.filter { request.selected?.contains($0.name) ?? true })
    place(chosen)
    let folder = try await ThrowAwayFolder.make(in: chosen.folder, until: deadline)
    let folderGuard = try await FolderGuard.start(
      keeper, folder: folder.path, leash: try Leash.toThisProcess(), until: deadline)
    do {
      var context = durable
      context.home = StateHome(throwAway: folder.path, beside: durable.home)
      context.throwAway = ThrowAway(folder: folder.path, folderGuard: folderGuard)
      let state = Self.state(folder.id, request, known)
      var options = UpOptions(selected: request.selected, deadline: deadline)
      options.forcesTLS = state.forcesTLS
      let result = try await UpOperation(
        context: context, workspace: request.workspace, app: nil, extraEnvironment: environment,
        choice: request.choice, options: options, events: events
      ).run(throwAway: state)
      return TestInstance(
        variables: try AppVariables(context, request.workspace, result.state, environment: environment),
        context: context, folder: folder, folderGuard: folderGuard, durable: durable.home)
    } catch {
      // A guard that does not do so at once does it when this process has ended.
      try? await folderGuard.clear()
      throw error
    }
  }

  /// The state to begin with: names and settings of the app's durable instance, and no secret of it.
  private static func state(_ id: String, _ request: TestRequest, _ known: InstanceState?) -> InstanceState {
    let name = request.app ?? known?.app ?? request.workspace.folder.appName
    var state = InstanceState(
      id: id, handle: known?.handle ?? name, app: name, path: request.workspace.folder.path,
      resourcePassword: UUID().uuidString.lowercased())
    state.parameters = known?.parameters
    state.forcesTLS = known?.forcesTLS
    return state
  }

  /// Where it is, for as long as it is there.
  var place: TestPlace { TestPlace(context: context, variables: variables, folder: path) }

  /// Ends it: nothing of it is left once this returns.
  package consuming func end() async throws {
    try await folderGuard.clear()
    // Those of runs that were killed go with its own.
    PortAllocator(folder: durable.ports, isStale: durable.isGone(owner:)).releaseStale()
  }

  /// Leaves it as it is when this process ends.
  package consuming func keep() throws {
    try KeptInstances.note(durable, in: path)
    try folderGuard.keep()
  }
}

/// A throw-away instance that is up.
struct TestPlace: Sendable {
  /// Its own context.
  let context: DrydockContext
  /// What its app gets.
  var variables: AppVariables
  /// Its folder.
  let folder: String
}

extension DrydockContext {
  /// drydock's helper.
  /// - Throws: `DrydockError.unavailable` where it is missing.
  package func nativeKeeper() throws -> Keeper {
    do {
      return try Keeper.locate(environment: environment)
    } catch {
      throw DrydockError(.unavailable, error.message, suggestion: error.suggestion)
    }
  }
}
