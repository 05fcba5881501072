import AppState
import ConvoxManifest
import DrydockBase
import Essentials
import LocalServer
import MonotonicTime
import NIOHTTP1
import Planning
import Services
import Synchronization

/// The processes of `convox run`.
extension Rack {
  /// Starts a command in a process of its own, which goes on in the background.
  /// - Returns: The process, once it runs.
  func start(_ service: String, of app: RunningApp, _ headers: HTTPHeaders) async throws -> ProcessJSON {
    let run = try run(try app.service(service).name, headers)
    let release = try await release(headers.first(name: "Release"), of: app)
    var wishes = SupervisorProcess.Wishes(workspace: try app.workspace())
    wishes.options.runtime = try runtimeChoice(app.state).kind
    (wishes.rack, wishes.appEnvironment) = (app.state.lastRack, release.environment)
    let runner = ServiceRunner(context: context, id: app.state.id, wishes: wishes) {
      log.note("\(app.state.handle): \($0)")
    }
    let (answers, answer) = AsyncThrowingStream.makeStream(of: OneOff.self)
    try background.start {
      await carryOn(run, by: runner, of: app, release: release.id, answer)
    }
    for try await oneOff in answers { return ProcessJSON(oneOff, app: app.state.handle) }
    throw HTTPFailure(.internalServerError, "the process ended without a result")
  }

  private func run(_ service: String, _ headers: HTTPHeaders) throws -> ServiceRun {
    guard let command = headers.first(name: "Command"), !command.isEmpty else {
      throw HTTPFailure(.badRequest, "parameter required: command")
    }
    for name in ["Image", "Volumes"] where headers.first(name: name)?.isEmpty == false {
      throw HTTPFailure(
        .badRequest, "this rack runs commands with the service's own image and volumes, not with \(name)")
    }
    let memory = headers.first(name: "Memory")
    guard memory == nil || memory.flatMap({ Int($0) }).map({ $0 > 0 }) == true else {
      throw HTTPFailure(.badRequest, "memory takes a number of megabytes, not \(memory ?? "")")
    }
    return ServiceRun(
      service: service, command: command,
      environment: try FormValues.parse(headers.first(name: "Environment") ?? ""),
      memory: memory.flatMap { Int($0) })
  }

  /// The release that is named, and its app env; else the active one, with the instance's.
  private func release(_ name: String?, of app: RunningApp) async throws -> (
    id: String, environment: [String: String]?
  ) {
    let history = try await context.store.releases(of: app.state.id)
    guard let name, !name.isEmpty else { return (history.active ?? "", nil) }
    guard let release = history.release(name) else { throw HTTPFailure.noSuch("release", name) }
    return (release.id, release.environment)
  }

  private func carryOn(
    _ run: ServiceRun, by runner: ServiceRunner, of app: RunningApp, release: String,
    _ answer: AsyncThrowingStream<OneOff, any Error>.Continuation
  ) async {
    let stop = Latch()
    let current = StartedOneOff()
    do {
      let end = try await withThrowingTaskGroup(of: String?.self) { group in
        defer { group.cancelAll() }
        group.addTask {
          try await runner.run(run, until: stop) { replica, access in
            let oneOff = OneOff(
              app: app.state.id, run: run, replica: replica, access: access, release: release,
              started: Date(),
              stop: stop)
            oneOffs.add(oneOff)
            current.set(oneOff)
            answer.yield(oneOff)
            answer.finish()
          }.description
        }
        group.addTask {
          try await waitUntilAbandoned { current.value }
          stop.come()
          return nil
        }
        while let ended = try await group.next() {
          if let ended { return ended }
        }
        throw CancellationError()
      }
      tell(current.value, end, app)
    } catch {
      let failure = HTTPFailure(error)
      tell(current.value, failure.message, app)
      answer.finish(throwing: failure)
    }
  }

  /// Returns once nobody is going to stop a process any more.
  private func waitUntilAbandoned(_ current: @Sendable () -> OneOff?) async throws {
    while true {
      try await Task.sleep(for: .seconds(1), clock: SuspendingClock())
      if let oneOff = current(), oneOffs.isAbandoned(oneOff) { return }
    }
  }

  private func tell(_ oneOff: OneOff?, _ end: String, _ app: RunningApp) {
    guard let oneOff else { return }
    oneOffs.remove(oneOff, end)
    log.note("\(app.state.handle): \(oneOff.id): \(end)")
  }
}

/// A process that is being started, once it runs.
private final class StartedOneOff: Sendable {
  private let started = Mutex<OneOff?>(nil)

  var value: OneOff? { started.withLock(\.self) }

  func set(_ oneOff: OneOff) { started.withLock { $0 = oneOff } }
}
