import DockerEngine
import DrydockBase

/// A command that somebody runs once as a service's.
package struct ServiceRun: Sendable, Hashable {
  /// The service's name.
  package var service: String
  /// The command, for a shell.
  package var command: String
  /// What it gets on top of the service's variables.
  package var environment: [String: String]
  /// How much memory it may use in a container, in MB; nil for as much as the service.
  package var memory: Int?

  /// A command.
  package init(
    service: String, command: String, environment: [String: String] = [:], memory: Int? = nil
  ) {
    self.service = service
    self.command = command
    self.environment = environment
    self.memory = memory
  }

  /// The runner with what this one has besides.
  func adjusting(_ runner: any ReplicaRunner) -> any ReplicaRunner {
    switch runner {
    case var process as ProcessRunner:
      process.launch.environment.merge(environment) { $1 }
      return process
    case let container as ContainerRunner:
      var launch = container.launch
      let names = Set(environment.keys)
      launch.config.environment.removeAll { names.contains($0.splitExactly(at: "=").first ?? "") }
      launch.config.environment += environment.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
      if let memory { launch.config.memory = memory << 20 }
      return ContainerRunner(
        launch: launch, containers: container.containers, folder: container.folder, ports: container.ports,
        leash: container.leash, code: container.code)
    default: return runner
    }
  }
}
