package import AppState
import DrydockBase
import Emulator
import Essentials
package import LocalServer
package import MonotonicTime
import NIOCore
import NativeProcess
import PortListeners

/// The rack as a process: started in the background or served in the foreground, found again, stopped.
///
/// Whether it runs is read from a lock that it holds, never from a process number alone: see `BackgroundProcess`.
package struct RackProcess: Sendable {
  private let context: DrydockContext
  /// What it keeps.
  package let files: RackFiles

  /// The rack of a context's home.
  package init(context: DrydockContext) {
    self.context = context
    self.files = RackFiles(home: context.home)
  }

  // MARK: Looking

  /// Whether it runs, and where.
  package func status() async throws -> RackStatus {
    let state = try await files.program.settled(until: .after(.seconds(1)))
    return switch state {
    case .stopped: RackStatus(port: lastPort)
    case .starting: RackStatus(port: lastPort, status: "starting")
    case .running(let process): Self.status(process)
    }
  }

  private var lastPort: Int { files.program.lastDetails?.port ?? RackFiles.defaultPort }

  private static func status(_ process: BackgroundProcess<RackRecord>.Running) -> RackStatus {
    let record = process.details
    return RackStatus(port: record.port, pid: process.pid, hasConsoles: record.hasConsoles ?? true)
  }

  /// The variables by which Convox's tool finds it, its password among them.
  /// - Throws: `DrydockError` in another user's home, and unless it runs and listens at its port itself: who has the port
  ///   of one that died would be sent the password.
  package func variables() async throws -> [String: String] {
    try context.home.refuseOthers()
    let status = try await status()
    guard status.isRunning, let pid = status.pid, let password = files.password() else {
      throw DrydockError(.failed, "the rack is not running", suggestion: "start it: drydock rack start")
    }
    do {
      try ExpectedListener(port: status.port, processID: pid).requireOurs()
    } catch {
      throw DrydockError(
        .failed, "the rack does not listen at port \(status.port): \(error)",
        suggestion: "start it anew: drydock rack stop; drydock rack start")
    }
    return [
      "RACK_URL": "http://convox:\(password)@127.0.0.1:\(status.port)",
      // Apart from the user's own settings, which name other racks.
      "CONVOX_CONFIG": files.convox,
      // So that the tool does not look for a cluster on this machine.
      "CONVOX_LOCAL": "disable",
    ]
  }

  // MARK: Serving

  /// Serves until the task is cancelled.
  /// - Parameters:
  ///   - hasConsoles: Whether it opens consoles, which are worth a shell to whoever has its password.
  ///   - newPassword: Whether the password is made anew, since the last one is known to somebody.
  /// - Throws: `DrydockError` when one runs already, or the port cannot be had.
  package func serve(
    port: Int, hasConsoles: Bool = true, newPassword: Bool = false, log: RequestLog,
    ready: @escaping @Sendable (Int) -> Void
  ) async throws {
    try context.home.refuseOthers()
    try files.prepare()
    do {
      try await files.program.holding {
        let rack = Rack(context: context, log: log, hasConsoles: hasConsoles)
        let kept = newPassword ? nil : files.password()
        let password = try kept ?? files.makePassword()
        await rack.recover()
        try await rack.server(password: password).run(port: port) { port in
          try files.program.publish(RackRecord(port: port, hasConsoles: hasConsoles))
          ready(port)
        }
      }
    } catch let error as PortUnavailable {
      throw Self.taken(error.port, error.errno)
    } catch let error as NativeProcessError where error.code == .alreadyRunning {
      throw DrydockError(.failed, error.message, suggestion: "to end that one: drydock rack stop")
    }
  }

  private static func taken(_ port: Int, _ errno: Int32) -> DrydockError {
    let reason =
      errno == EADDRINUSE
      ? "is taken by \(PortOwner.of(port: port)?.description ?? "another process")"
      : "cannot be had: \(String(cString: strerror(errno)))"
    return DrydockError(
      .failed, "port \(port) \(reason)",
      suggestion: "stop that, or choose another port: drydock rack start --port PORT")
  }

  // MARK: Starting and stopping

  /// Starts it in the background, in a session of its own, and waits until it answers. One that runs is left as it is.
  /// - Returns: Where it runs, and whether this started it.
  /// - Throws: `DrydockError` with the reason and the last lines of its log when it does not.
  package func start(
    port: Int, hasConsoles: Bool = true, newPassword: Bool = false, isVerbose: Bool = false,
    until deadline: Deadline
  ) async throws -> (status: RackStatus, isNew: Bool) {
    try context.home.refuseOthers()
    try files.prepare()
    let arguments =
      ["rack", "start", "--foreground", "--port", "\(port)"] + (hasConsoles ? [] : ["--no-console"])
      + (newPassword ? ["--new-password"] : []) + (isVerbose ? ["--verbose"] : [])
    let program = files.program
    let spec = SupervisedSpec(
      executable: Keeper.ownExecutable, arguments: arguments,
      environment: context.environmentElsewhere,
      workingDirectory: "/", files: program.files, label: "drydock rack")
    let keeper = try Keeper.locate(environment: context.environment)
    let (process, isNew) = try await program.start(spec, by: keeper, until: deadline) {
      guard PortAvailability.of(port) != .taken else { throw Self.taken(port, EADDRINUSE) }
    }
    return (Self.status(process), isNew)
  }

  /// Ends it in order: requests that run are finished.
  /// - Returns: Whether one ran.
  package func stop(until deadline: Deadline) async throws -> Bool {
    try await files.program.stop(until: deadline)
  }
}

/// Whether the rack runs, and where.
package struct RackStatus: Sendable, Hashable, Codable {
  /// `running`, `starting` or `stopped`.
  package var status: String
  /// Where it is reached, without the password.
  package var url: String
  /// Its port; the last one, where it does not run.
  package var port: Int
  /// Its process id, where it runs.
  package var pid: Int32?
  /// Whether it opens consoles; nil where it does not run.
  package var hasConsoles: Bool?

  /// Whether it runs.
  package var isRunning: Bool { status == "running" }

  init(port: Int, status: String = "stopped") {
    self.status = status
    url = "http://127.0.0.1:\(port)"
    self.port = port
  }

  init(port: Int, pid: Int32?, hasConsoles: Bool) {
    self.init(port: port)
    status = "running"
    self.pid = pid
    self.hasConsoles = hasConsoles
  }
}
