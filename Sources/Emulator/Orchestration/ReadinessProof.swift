import AppState
import DrydockBase
import Engines
import HealthProbes
import MonotonicTime
import Planning
import Servers

/// Proves a server healthy: a login as the app's user on the app's database, answered by our own server.
struct ReadinessProof: Sendable {
  let launch: Launch
  let runtime: any Runtime
  /// Whether the server's data was just made, so that the app's account is still to come.
  let isFresh: Bool
  let startingTogether: Int
  /// The new replica to load with its source's data before the app may log in.
  let pair: ReplicaPair?
  let progress: ProgressSink

  func run(until deadline: Deadline) async throws -> ServerReport {
    let gap = isFresh ? try await runtime.provisioningGap(of: launch) : .none
    let confirming = gap == .accounts
    if pair != nil || gap != .none {
      _ = try await wait(administrator: true, confirming: confirming, until: deadline)
    }
    if let pair {
      try await pair.load(progress: progress, until: deadline)
    } else {
      try await fill(gap, until: deadline)
    }
    return try await wait(administrator: false, confirming: confirming, until: deadline)
  }

  /// Gives new data what it lacks, as its administrator.
  private func fill(_ gap: ProvisioningGap, until deadline: Deadline) async throws {
    guard gap != .none else { return }
    progress("provisioning")
    try await provision(until: deadline) { administrator, request in
      switch gap {
      case .none: break
      case .passwords: try await launch.engine.setPasswords(administrator, request, until: deadline)
      case .accounts: try await launch.engine.provision(administrator, request, until: deadline)
      }
    }
  }

  /// To ask whether a container lives takes an exchange with its engine; a process, next to nothing.
  private var pausePerStart: Duration { runtime.kind == .docker ? .milliseconds(10) : .milliseconds(5) }

  /// - Parameter confirming: Whether an image's script may have started a temporary server: a second look has to find the same
  ///   run.
  private func wait(administrator: Bool, confirming: Bool, until deadline: Deadline) async throws
    -> ServerReport
  {
    let wait = ReadinessWait(
      subject: launch.spec.name,
      probe: launch.engine.probe(runtime.target(launch, administrator: administrator)),
      identity: try await runtime.identity(launch),
      pace: .init(
        concurrentStarts: startingTogether, pausePerStart: pausePerStart,
        confirmAfter: confirming ? .milliseconds(100) : nil),
      liveness: { try await runtime.liveness(launch.spec.name) },
      progress: { failure in progress("waiting: \(failure.summary)") },
      repair: administrator ? nil : repair(until: deadline))
    do {
      return try await wait.run(until: deadline)
    } catch let error as ReadinessError {
      throw try await explain(error)
    }
  }

  /// Mends the app's account through the administrator's; nil for an engine without accounts.
  private func repair(until deadline: Deadline) -> ReadinessWait.Repair? {
    // A replica has its source's accounts, and takes no others.
    guard launch.engine.accounts != nil, launch.request.replica == nil else { return nil }
    return { failure in
      do {
        if case .unusableSettings = failure {
          try await launch.engine.resetSettings(
            runtime.target(launch, administrator: true), until: deadline)
          progress("the app's settings of libraries to load are reset: \(failure)")
          return true
        }
        progress("repairing the app's account")
        try await provision(until: deadline) {
          try await launch.engine.changePassword($0, $1, until: deadline)
        }
        return true
      } catch ProbeFailure.unreachable {
        // The server whose administrator this is has ended meanwhile; the next round says of what.
        return false
      }
    }
  }

  private func provision(
    until deadline: Deadline, by action: (ProbeTarget, ServerRequest) async throws -> Void
  ) async throws {
    let administrator = runtime.target(launch, administrator: true)
    do {
      try await action(administrator, launch.request)
    } catch let failure as ProbeFailure {
      guard case .credentials = failure else { throw failure }
      throw DrydockError(
        .dataMismatch,
        "resource \(launch.spec.name): its data has another password for drydock's administrator than the one kept here",
        suggestion: "start fresh: drydock down \(launch.spec.name) --delete-data")
    }
  }

  private var spaceRemedy: String {
    get async { await runtime.spaceRemedy(of: launch.spec.name, holdsData: launch.hasVerifiedData) }
  }

  /// Turns a failure to get ready into what a user can act on.
  private func explain(_ error: ReadinessError) async throws -> any Error {
    let name = launch.spec.name
    // An engine says much after the line that tells why it ends.
    let words = (try? await runtime.log(name, lines: 60)) ?? []
    let log = Array(words.suffix(10))
    let isFull = words.contains(where: WriteRemedy.saysDiskIsFull)
    switch error {
    case .died(_, let reason):
      if let taken = portTaken(log) { return taken }
      if isFull || runtime.isDiskFull(of: name) {
        return DrydockError(
          .cannotWrite, "resource \(name) ended for want of space: \(reason)",
          suggestion: await spaceRemedy, details: log)
      }
      return DrydockError(
        .failed, "resource \(name) ended before it was ready: \(reason)",
        suggestion: confinement ?? "its log: drydock logs \(name)", details: log)
    case .stranger(_, let failure):
      let port = launch.request.port
      return PortTakenError(
        port: port, owner: HostPort.owner(port) ?? "a server that is not ours: \(failure)")
    case .credentials(_, let failure):
      return DrydockError(
        .dataMismatch, "resource \(name) refuses the app's login even after a repair: \(failure)",
        suggestion: "start it anew, which keeps its data: drydock down \(name), then drydock up; "
          + "if it still refuses, start fresh: drydock down \(name) --delete-data",
        details: log)
    case .exhausted(_, let failure):
      return DrydockError(
        .notReady, "resource \(name) runs, and takes nobody more: \(failure)",
        suggestion: "end some of its clients, or all of them by a restart, which keeps its data: "
          + "drydock down \(name), then drydock up")
    case .notReady where isFull:
      return DrydockError(
        .cannotWrite, "resource \(name) waits for space on its disk", suggestion: await spaceRemedy,
        details: log)
    case .notReady(_, .unproved(let reason)):
      return DrydockError(
        .notReady, "resource \(name) is not proved to be as drydock started it: \(reason)",
        suggestion: "start it anew: drydock down \(name), drydock up; or use --runtime docker")
    case .notReady(_, let last):
      return DrydockError(
        .notReady, "resource \(name) was not ready in time: \(last.map { "\($0)" } ?? "it never answered")",
        suggestion: "its log: drydock logs \(name); more time: --timeout SECONDS", details: log)
    }
  }

  /// What to do about a native server that the system confines.
  private var confinement: String? {
    guard case .installation(let installation) = launch.source.origin else { return nil }
    return AppArmor().remedy(for: installation.server)
  }

  /// Whether a server died of a port that somebody took between our look and its start.
  private func portTaken(_ log: [String]) -> PortTakenError? {
    // A server that has ended listens nowhere: whoever does has its port, in whatever words it said so. Most use
    // strerror's for EADDRINUSE.
    let owner = runtime.kind == .native ? HostPort.owner(launch.request.port) : nil
    guard owner != nil || log.contains(where: { $0.contains("Address already in use") }) else { return nil }
    return PortTakenError(port: launch.request.port, owner: owner)
  }
}

extension ProbeFailure {
  /// What a waiting person needs of it: a few words that stay the same from attempt to attempt.
  var summary: String {
    switch self {
    case .unreachable: "not listening yet"
    case .starting: "starting up"
    case .credentials: "the login is refused"
    case .missingDatabase: "the database is missing"
    case .unusableSettings: "settings keep the account out"
    case .wrongProtocol: "something else answers"
    case .stranger: "another server answers"
    case .unproved: "not proved to be ours"
    case .exhausted: "all its connections are used"
    case .rejected: "refused by the server"
    case .timedOut: "no answer"
    }
  }
}
