import AppState
import ConvoxManifest
import DrydockBase
import Emulator
import LocalServer
import MonotonicTime
import NIOHTTP1
import Planning
import Services

/// An app whose services are looked at and spoken to.
struct RunningApp: Sendable {
  let context: DrydockContext
  let state: InstanceState

  var supervisor: SupervisorProcess { SupervisorProcess(context: context, id: state.id) }

  /// Whether it was made by the tool, and has no folder of the user's.
  var isOfRack: Bool { state.path == AppFolder(context.home.app(state.handle)).path }

  /// What runs; nothing where no supervisor does.
  func status() async throws -> [ServiceStatus] {
    try await supervisor.client.ask(ControlRequest(.status), until: .after(.seconds(10))) ?? []
  }

  /// Asks the supervisor for something.
  /// - Throws: `DrydockError`, also where none runs.
  func ask(_ request: ControlRequest) async throws {
    guard try await supervisor.client.ask(request, until: .after(.seconds(60))) != nil else {
      throw SupervisorProcess.notStarted
    }
  }

  /// Its manifest and where that lies.
  /// - Throws: `HTTPFailure` for an app that has none yet.
  func workspace() throws -> Workspace {
    guard let workspace = try Workspace.present(in: state.path) else {
      throw HTTPFailure(.notFound, "\(state.handle) has no convox.yml yet")
    }
    return workspace
  }

  /// What the manifest says now; nil for an app that has none yet.
  func manifest() throws -> Manifest? {
    let environment = state.appEnvironment(rack: state.lastRack)
    return try Workspace.present(in: state.path)?.load(
      appEnvironment: environment, catalog: context.catalog)
  }

  /// The service of that name.
  /// - Throws: `HTTPFailure` in the words of a rack.
  func service(_ name: String) throws -> Service {
    guard let service = try manifest()?.service(named: name) else {
      throw HTTPFailure.noSuch("service", name)
    }
    return service
  }
}

extension Rack {
  /// Where an app runs: where its data lies, whatever this rack would choose for an app without any.
  /// - Throws: `DrydockError.usage` for a `DRYDOCK_RUNTIME` that names none.
  func runtimeChoice(_ state: InstanceState) throws -> RuntimeChoice {
    try state.runtime.map(RuntimeChoice.init) ?? RuntimeChoice(environment: context.environment)
  }

  /// The app that a request names, for what is about its services.
  func running(_ request: Request) throws -> RunningApp {
    RunningApp(context: context, state: try app(request["app"]))
  }
}
