import Containers
import DockerEngine
import DrydockBase
import Foundation
import MonotonicTime
import NativeProcess

/// How a service's containers are made.
struct ContainerLaunch: Sendable {
  /// The image, the command, the variables and whatever else is the same for all replicas.
  var config: ContainerConfig
  /// The port that the program binds; nil for a service without one.
  var port: Int?
  /// How long it has between SIGTERM and SIGKILL.
  var grace: Duration
}

/// Runs the replicas of a service in containers of the instance's network. A replica that is started anew gets a container
/// of its own, as on AWS; what it writes goes into the log of its folder, as for a process.
struct ContainerRunner: ReplicaRunner {
  let launch: ContainerLaunch
  let containers: InstanceContainers
  let folder: ServiceFolder
  let ports: ServicePorts
  /// What removes the containers whatever happens to the supervisor; nil for nothing.
  let leash: ContainerLeash?
  /// What gives it images that have all of the app's tree; nil for the one that it was prepared with.
  let code: LiveImage?

  private func name(_ replica: ServiceReplica) -> String {
    containers.names.container(replica.name, .service)
  }

  func find(_ replica: ServiceReplica) async throws -> RunningReplica? {
    let found = try await containers.client.inspectContainer(name(replica), until: containers.soon)
    guard let found, found.state.isRunning else { return nil }
    return running(found.id, replica, launch.port == nil ? nil : ports.current(replica))
  }

  func start(_ replica: ServiceReplica, until deadline: Deadline) async throws -> RunningReplica {
    try folder.prepare(replica)
    try await containers.remove(name(replica))
    let port = try launch.port.map { _ in try ports.own(replica) }
    var config = launch.config
    var deadline = deadline
    let current = try await code?.current()
    if let current {
      config.image = current.image
      // A build has its own time.
      deadline = .after(.seconds(60))
    }
    config.labels.merge(containers.names.labels(replica.name, .service)) { $1 }
    if let inside = launch.port, let port {
      config.portBindings = [PortBinding(hostPort: port, containerPort: ContainerPort(inside))]
    }
    let id = try await containers.ensure(name(replica), config, until: deadline)
    try leash?.add(id)
    try await containers.start(id, until: deadline)
    if let current { code?.started(id, mark: current.mark) }
    return running(id, replica, port)
  }

  func place(of replica: ServiceReplica) async throws -> ReplicaAccess.Place {
    guard
      let found = try await containers.client.inspectContainer(name(replica), until: containers.soon),
      found.state.isRunning
    else { throw DrydockError(.failed, "\(replica.name) does not run at this moment") }
    return .container(found.id, hasTerminal: launch.config.hasTerminal)
  }

  func ending(of replica: ServiceReplica) async throws -> ReplicaEnd {
    let client = containers.client
    // Its lines are stamped as they are copied.
    let begin = LogTime.now
    guard let found = try await client.inspectContainer(name(replica), until: containers.soon) else {
      return ReplicaEnd(reason: .unknown, words: "its container was removed")
    }
    try await output(of: replica).copy(from: found.id)
    let status = try await client.waitForContainer(found.id, until: .never)
    // A last line without its end comes to nobody who follows. That it cannot be had changes nothing about the end.
    try? await output(of: replica).copy(from: found.id, follows: false, until: .after(.seconds(10)))
    let state = try await client.inspectContainer(found.id, until: containers.soon)?.state
    let lines = folder.lastWords(of: replica, since: begin)
    let reason: ExitReason =
      (129...192).contains(status) ? .signal(Int32(status - 128)) : .code(Int32(status))
    return ReplicaEnd(reason: reason, words: state?.ending, lastLines: lines)
  }

  func stop(_ replica: ServiceReplica, grace: Duration?) async throws {
    guard let found = try await containers.client.inspectContainer(name(replica), until: containers.soon)
    else {
      return
    }
    try await containers.stop(found.id, patience: grace ?? launch.grace)
    // Nobody follows it by now. That its last words cannot be had is no reason to leave it.
    try? await output(of: replica).copy(
      from: found.id, follows: false, until: .after(.seconds(10)))
    try await containers.remove(found.id)
  }

  private func output(of replica: ServiceReplica) -> ContainerOutput {
    ContainerOutput(
      client: containers.client, log: folder.files(replica), hasTerminal: launch.config.hasTerminal)
  }

  private func running(_ id: String, _ replica: ServiceReplica, _ port: Int?) -> RunningReplica {
    RunningReplica(
      id: String(id.prefix(12)), startedAt: Date(), endpoint: port.map { ReplicaEndpoint(port: $0) })
  }
}
