import DrydockBase
import Essentials
import MonotonicTime
import NativeProcess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a service's program is started on this machine.
struct ProcessLaunch: Sendable, Hashable {
  /// The words of the command, its program first.
  var words: [String]
  /// The folder in which it runs.
  var folder: String
  /// All of its variables: the caller's with the service's on top.
  var environment: [String: String]
  /// The words in front of the command's own that mount efs directories for it; empty for none.
  var mounter: [String] = []
  /// The ports that the program binds.
  var ports: BoundPorts
  /// How its ports get out of the way of others.
  var mapping: PortMapping
  /// Whether it has a terminal in place of pipes.
  var hasTerminal = false
  /// How long it has between SIGTERM and SIGKILL.
  var grace: Duration
}

/// How the replicas of a service listen without meeting each other or another app.
enum PortMapping: String, Sendable, Hashable, Codable {
  /// What they bind becomes a port of their own (see `PortMap`).
  case mapped
  /// They are told a port of their own by `PORT`, which the service declares.
  case variable
  /// There is one of them, at the port that it binds on AWS.
  case declared
}

/// Runs the replicas of a service as processes, each under a keeper of its own.
struct ProcessRunner: ReplicaRunner {
  var launch: ProcessLaunch
  let folder: ServiceFolder
  let ports: ServicePorts
  let keeper: Keeper
  /// With what they end whatever happens; nil for nothing.
  let leash: Leash?

  func find(_ replica: ServiceReplica) async throws -> RunningReplica? {
    guard case .running(let process) = try await settledState(folder.files(replica)) else { return nil }
    return running(
      process, launch.ports.main.map { ports.current(replica) ?? $0 },
      listening { ports.current(replica, further: $0) ?? $0 })
  }

  func start(_ replica: ServiceReplica, until deadline: Deadline) async throws -> RunningReplica {
    try folder.prepare(replica)
    let port = try launch.ports.main.map {
      launch.mapping == .declared ? try free($0) : try ports.own(replica)
    }
    // Of these no variable tells.
    let further = try listening {
      launch.mapping == .mapped ? try ports.own(replica, further: $0) : try free($0)
    }
    let environment = environment(port)
    let words = launch.mounter + launch.words
    guard let program = ProgramSearch(path: environment["PATH"], folder: launch.folder).find(words[0]) else {
      throw DrydockError(
        .unavailable, "\(words[0]): not on this machine",
        suggestion: "install it, or run the app in Docker: drydock start --runtime docker")
    }
    var spec = SupervisedSpec(
      executable: program, arguments: Array(words.dropFirst()), environment: environment,
      workingDirectory: launch.folder, files: folder.files(replica), label: replica.name,
      logLimit: ServiceTraits.logLimit)
    spec.traits = ServiceTraits(
      leash: leash, ports: map(to: port, further),
      terminal: launch.hasTerminal ? TerminalSize(columns: 80, rows: 24) : nil)
    return running(try await keeper.start(spec, until: deadline), port, further)
  }

  func place(of replica: ServiceReplica) async throws -> ReplicaAccess.Place {
    .process(
      ProcessPlace(
        folder: launch.folder, environment: environment(ports.current(replica)), mounter: launch.mounter,
        hasTerminal: launch.hasTerminal))
  }

  private func environment(_ port: Int?) -> [String: String] {
    var environment = launch.environment
    if launch.mapping == .variable, let port { environment["PORT"] = "\(port)" }
    // Where a service was started need not have been one.
    if launch.hasTerminal { environment["TERM"] = environment["TERM"] ?? "xterm" }
    return environment
  }

  func ending(of replica: ServiceReplica) async throws -> ReplicaEnd {
    let reason = try await waitForEnd(of: folder.files(replica)) ?? .unknown
    let begin = try lastStart(of: folder.files(replica)).map { LogTime($0) } ?? .now
    return ReplicaEnd(reason: reason, lastLines: folder.lastWords(of: replica, since: begin))
  }

  func stop(_ replica: ServiceReplica, grace: Duration?) async throws {
    _ = try await NativeProcess.stop(
      folder.files(replica), steps: [StopStep(signal: SIGTERM, patience: grace ?? launch.grace)])
  }

  /// The further ports, each with where it is listened at.
  private func listening(_ place: (Int) throws -> Int) rethrows -> [Int: Int] {
    Dictionary(try launch.ports.further.map { ($0, try place($0)) }) { first, _ in first }
  }

  private func map(to port: Int?, _ further: [Int: Int]) -> PortMap? {
    guard launch.mapping == .mapped else { return nil }
    guard let declared = launch.ports.main, let port else { return PortMap(further) }
    return PortMap(further.merging([declared: port]) { $1 })
  }

  private func running(_ process: SupervisedProcess, _ port: Int?, _ further: [Int: Int]) -> RunningReplica {
    var running = RunningReplica(
      id: "\(process.processID)", startedAt: process.startedAt,
      endpoint: port.map { ReplicaEndpoint(port: $0) })
    running.furtherEndpoints = further.mapValues { ReplicaEndpoint(port: $0) }
    return running
  }

  /// A port that cannot be moved has to be free.
  private func free(_ port: Int) throws -> Int {
    guard PortAvailability.of(port) != .free else { return port }
    let owner = PortOwner.of(port: port).map { " by \($0)" } ?? ""
    let isMain = port == launch.ports.main
    throw DrydockError(
      .failed, "port \(port), which the service listens at, is taken\(owner)",
      suggestion: "end that, or "
        + (isMain
          ? "have the service listen at $PORT: environment: - PORT=\(port)"
          : "run the app in Docker: drydock start --runtime docker"))
  }
}
