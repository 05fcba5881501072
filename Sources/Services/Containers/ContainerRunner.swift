import Containers
import DockerEngine
import DrydockBase
import Essentials
import LiveCode
import MonotonicTime
import NativeProcess

/// How a service's containers are made.
struct ContainerLaunch: Sendable {
  /// The image, the command, the variables and whatever else is the same for all replicas.
  var config: ContainerConfig
  /// The ports that the program binds.
  var ports: BoundPorts
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
    // One that was made before its further ports were published has none.
    return running(found.id, listening { ports.current(replica, further: $0) })
  }

  func start(_ replica: ServiceReplica, until deadline: Deadline) async throws -> RunningReplica {
    try folder.prepare(replica)
    try await containers.remove(name(replica))
    let listening = try listening { try ports.own(replica, further: $0) }
    var config = launch.config
    var deadline = deadline
    let current = try await code?.current()
    if let current {
      config.image = current.image
      // A build has its own time.
      deadline = .after(.seconds(60))
    }
    config.labels.merge(containers.names.labels(replica.name, .service)) { $1 }
    config.portBindings = listening.sorted { $0.key < $1.key }.map {
      PortBinding(hostPort: $0.value, containerPort: ContainerPort($0.key))
    }
    let id = try await containers.ensure(name(replica), config, until: deadline)
    try leash?.add(id)
    try await containers.start(id, until: deadline)
    if let current { code?.started(id, mark: current.mark) }
    return running(id, listening)
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

  /// The ports of the program, each with where it is reached; those that are reached nowhere are left out.
  private func listening(_ place: (_ further: Int?) throws -> Int?) rethrows -> [Int: Int] {
    var listening: [Int: Int] = [:]
    if let main = launch.ports.main { listening[main] = try place(nil) }
    for port in launch.ports.further { listening[port] = try place(port) }
    return listening
  }

  private func running(_ id: String, _ listening: [Int: Int]) -> RunningReplica {
    let endpoints = listening.mapValues { ReplicaEndpoint(port: $0) }
    var running = RunningReplica(
      id: String(id.prefix(12)), startedAt: Date(), endpoint: launch.ports.main.flatMap { endpoints[$0] })
    running.furtherEndpoints = endpoints.filter { $0.key != launch.ports.main }
    return running
  }
}
