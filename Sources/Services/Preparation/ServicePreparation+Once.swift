import AppState
import ConvoxManifest
import DrydockBase

/// Commands that are run once as a service's: hooks, timers' runs, and what somebody asks for.
extension ServicePreparation {
  /// Runs commands of drydock.yml, one after the other, each as its service's.
  /// - Throws: `DrydockError` for one that fails, with its last words.
  func run(_ hooks: KeyPath<DrydockSettings, [DrydockSettings.Hook]>) async throws {
    let variables = try look()
    for hook in try workspace.settings(for: variables.manifest)[keyPath: hooks] {
      guard let service = variables.manifest.service(named: hook.service) else { continue }
      let command = hook.argv.map(OwnCommand.words) ?? .shell(hook.command)
      notice("\(service.name): \(hook.command)")
      try await OneRun(
        runner: try await onceRunner(service, command, variables),
        replica: ServiceReplica(service: service.name, number: 0)
      ).run(as: "\(hook.location): \(hook.command)")
    }
  }

  /// The timers of services that are started.
  func timers(of services: Set<String>) throws -> [ConvoxManifest.Timer] {
    try look().manifest.timers.filter { $0.service.map(services.contains) ?? false }
  }

  /// Runs a timer's command once, with what the manifest and the app env say now.
  /// - Parameter number: Which of several runs of it at the same time this is, from 1.
  /// - Throws: `DrydockError` where it fails.
  func run(_ timer: ConvoxManifest.Timer, number: Int) async throws {
    try await OneRun(runner: try await runner(of: timer), replica: .run(ofTimer: timer.name, number))
      .run(as: "the timer \(timer.name)")
  }

  /// A timer, as the manifest has it now.
  func timer(named name: String) throws -> ConvoxManifest.Timer {
    let timers = try look().manifest.timers
    guard let timer = timers.first(where: { $0.name == name }) else {
      throw UnknownName.error("timer", name, known: timers.map(\.name))
    }
    return timer
  }

  /// What runs a timer's command once, with what the manifest and the app env say now.
  func runner(of timer: ConvoxManifest.Timer) async throws -> any ReplicaRunner {
    let variables = try look()
    guard let name = timer.service, let service = variables.manifest.service(named: name),
      let command = timer.command
    else {
      throw DrydockError(
        .manifestInvalid, "the timer \(timer.name) has no service or no command: \(variables.manifest.file)")
    }
    return try await onceRunner(service, .shell(command), variables)
  }

  /// What runs a command once as a service's, with what the manifest and the app env say now.
  /// - Throws: `DrydockError` for a service that there is not, and for one that cannot run here.
  func runner(of run: ServiceRun) async throws -> any ReplicaRunner {
    let variables = try look()
    guard let service = variables.manifest.service(named: run.service) else {
      throw UnknownName.error("service", run.service, known: variables.manifest.services.map(\.name))
    }
    return run.adjusting(try await onceRunner(service, .shell(run.command), variables))
  }

  /// What runs a command once as a service's.
  private func onceRunner(
    _ service: Service, _ command: OwnCommand, _ variables: AppVariables
  ) async throws -> any ReplicaRunner {
    let settings = try workspace.settings(for: variables.manifest)
    let urls = urls(try ServiceStore(folder).load(), variables.manifest)
    guard try choices(of: [service], settings, variables)[service.name]?.kind == .container else {
      return try await runner(service, command, variables, urls, image: nil, ports: .none)
    }
    var image = await site.image(of: service.name)
    if image == nil { image = try await images(of: [service], variables)[service.name] }
    return try await runner(service, command, variables, urls, image: image, ports: .none)
  }
}
