import DrydockBase
package import Emulator
import Foundation
package import MonotonicTime
import NIOCore
import NativeProcess
import PortListeners

/// The rack as a process: started in the background or served in the foreground, found again, stopped.
///
/// Whether it runs is read from a lock that it holds, never from a process number alone.
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
    let port = files.record()?.port ?? RackFiles.defaultPort
    guard FileManager.default.fileExists(atPath: files.lock) else { return RackStatus(port: port) }
    do {
      let lock = try await InstanceLock.acquire(files.lock, until: .after(.zero))
      _ = consume lock
      return RackStatus(port: port)
    } catch let error as DrydockError where error.code == .notReady {
      let record = files.record()
      return RackStatus(port: port, pid: record?.pid, hasConsoles: record?.hasConsoles ?? true)
    }
  }

  /// The variables by which Convox's tool finds it, its password among them.
  /// - Throws: `DrydockError` in another user's home, and unless it runs and listens at its port itself: who has the port of one that died would be
  ///   sent the password.
  package func variables() async throws -> [String: String] {
    // Its password may be made here.
    try context.home.refuseOthers()
    let status = try await status()
    guard status.isRunning, let pid = status.pid else {
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
      "RACK_URL": "http://convox:\(try files.password())@127.0.0.1:\(status.port)",
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
    let lock = try await acquire()
    defer { _ = lock }
    let rack = Rack(context: context, log: log, hasConsoles: hasConsoles)
    let server = rack.server(password: try newPassword ? files.renewPassword() : files.password())
    do {
      try await server.run(port: port) { port in
        try files.save(RackRecord(port: port, pid: getpid(), hasConsoles: hasConsoles))
        ready(port)
      }
    } catch let error as PortUnavailable {
      throw Self.taken(error.port, error.errno)
    }
  }

  private func acquire() async throws -> InstanceLock {
    do {
      return try await InstanceLock.acquire(files.lock, until: .after(.seconds(1)))
    } catch let error as DrydockError where error.code == .notReady {
      throw DrydockError(
        .failed, "the rack runs already", suggestion: "to end that one: drydock rack stop")
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

  /// Starts it in the background, in a session of its own, and waits until it answers.
  /// - Throws: `DrydockError` with the reason and the last lines of its log when it does not.
  package func start(
    port: Int, hasConsoles: Bool = true, newPassword: Bool = false, until deadline: Deadline
  ) async throws -> RackStatus {
    try context.home.refuseOthers()
    try files.prepare()
    guard PortAvailability.of(port) != .taken else { throw Self.taken(port, EADDRINUSE) }
    let arguments =
      ["rack", "start", "--foreground", "--port", "\(port)"] + (hasConsoles ? [] : ["--no-console"])
      + (newPassword ? ["--new-password"] : [])
    let spec = EngineProcessSpec(
      executable: Keeper.ownExecutable, arguments: arguments,
      environment: context.environment.merging(["DRYDOCK_HOME": context.home.root]) { $1 },
      workingDirectory: "/", files: files.process, label: "drydock rack")
    _ = try await NativeProcess.stop(files.process, steps: [])
    do {
      _ = try await Keeper.locate(environment: context.environment).start(spec, until: deadline)
    } catch let error as NativeProcessError {
      throw DrydockError(.failed, error.message, suggestion: error.suggestion)
    }
    return try await untilRunning(deadline)
  }

  private func untilRunning(_ deadline: Deadline) async throws -> RackStatus {
    var pause = Backoff()
    while true {
      let status = try await status()
      if let pid = status.pid, status.isRunning, files.record()?.pid == pid, isOurs(pid) { return status }
      if case .exited = try inspect(files.process) {
        throw DrydockError(
          .failed, "the rack ended at once; its log \(files.log) ends with",
          details: tail(logFile: files.log, lines: 5))
      }
      try await pause.sleep(until: deadline, "the rack")
    }
  }

  /// Whether the record is that of the process which was just started, not of an earlier one.
  private func isOurs(_ pid: Int32) -> Bool {
    guard case .running(let engine)? = try? inspect(files.process) else { return false }
    return engine.enginePID == pid
  }

  /// Ends it in order: requests that run are finished.
  /// - Returns: Whether one ran.
  package func stop(until deadline: Deadline) async throws -> Bool {
    let status = try await status()
    guard status.isRunning else { return false }
    let steps = [StopStep(signal: SIGTERM, patience: deadline.remaining)]
    if try await NativeProcess.stop(files.process, steps: steps) == nil, let pid = status.pid {
      // One in the foreground of a terminal; its lock is held, so the number is its own.
      kill(pid, SIGTERM)
    }
    var pause = Backoff()
    while try await self.status().isRunning { try await pause.sleep(until: deadline, "the end of the rack") }
    return true
  }
}

/// Whether the rack runs, and where.
package struct RackStatus: Sendable, Hashable, Codable {
  /// `running` or `stopped`.
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

  init(port: Int) {
    status = "stopped"
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
