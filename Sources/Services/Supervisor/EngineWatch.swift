import AppState
import DrydockBase
import Emulator
import MonotonicTime
import Planning
import Servers

/// Brings up again what runs an app's resources and ended by itself while services are supervised; what somebody stopped
/// stays stopped.
struct EngineWatch: Sendable {
  let context: DrydockContext
  /// The instance.
  let id: String
  let wishes: SupervisorProcess.Wishes
  let tell: @Sendable (SupervisorEvent) -> Void

  /// How often it looks: natively that takes about a millisecond, in Docker six requests.
  private static func interval(_ kind: RuntimeKind?) -> Duration {
    kind == .docker ? .seconds(5) : .seconds(2)
  }

  /// What is known of one server.
  private struct Life {
    var policy = RestartPolicy()
    var begun = SuspendingClock.now
    /// Not before then is it brought up again.
    var rest = SuspendingClock.now
  }

  /// What asks how the servers of a state are. To find an engine, and what it is, costs that more than the question.
  private struct Eye {
    var state: InstanceState
    var runtime: any Runtime
  }

  /// Watches until the task is cancelled.
  func run() async {
    var lives: [String: Life] = [:]
    var eye: Eye?
    var kind: RuntimeKind?
    repeat {
      // A state or an engine that cannot be asked now is asked again.
      guard let state = try? context.store.load(id) else { continue }
      kind = state.runtime
      await look(state, &lives, by: &eye)
    } while await isOn(kind)
  }

  private func isOn(_ kind: RuntimeKind?) async -> Bool {
    // Cancelled is over.
    (try? await Task.sleep(for: Self.interval(kind), clock: SuspendingClock())) != nil
  }

  private func look(_ state: InstanceState, _ lives: inout [String: Life], by eye: inout Eye?) async {
    guard let runtime = await runtime(of: state, eye),
      let found = try? await StatusOperation(context: context).lives(of: state, by: runtime)
    else {
      // Asked again at the next look, by a connection of its own.
      eye = nil
      return
    }
    eye = Eye(state: state, runtime: runtime)
    for name in found.running where lives[name] == nil { lives[name] = Life() }
    for (name, reason) in found.crashed.sorted(by: { $0.key < $1.key }) {
      guard let life = lives[name], life.rest <= .now else { continue }
      lives[name] = await bringUp(name, reason, life, state)
    }
  }

  private func runtime(of state: InstanceState, _ eye: Eye?) async -> (any Runtime)? {
    if let eye, eye.state == state { return eye.runtime }
    guard let kind = state.runtime else { return nil }
    return try? await RuntimeAccess(context: context, state: state).runtime(kind)
  }

  private func bringUp(_ name: String, _ reason: String, _ life: Life, _ state: InstanceState) async -> Life {
    var life = life
    let now = SuspendingClock.now
    let verdict = life.policy.next(after: life.begun.duration(to: now), now: now)
    life.rest = now + verdict.pause
    say("\(name) ended by itself (\(reason)); it is brought up again")
    do {
      var options = UpOptions(selected: [name], deadline: .after(.seconds(120)))
      options.rack = wishes.rack
      let events = UpOperation.UpEvents(
        phase: { _, _ in }, notice: { say($0) }, planned: { _ in })
      _ = try await UpOperation(
        context: context, workspace: wishes.workspace, app: state.handle,
        extraEnvironment: wishes.extraEnvironment, choice: .auto, options: options, events: events
      ).run()
      say("\(name) runs again, at the same address")
    } catch is CancellationError {
      return life
    } catch {
      let error = DrydockError(error)
      let suggestion = error.suggestion.map { [$0] } ?? []
      tell(
        SupervisorEvent(
          .failed, nil, "\(name) does not come up: \(error.message)", details: error.details + suggestion))
    }
    life.begun = .now
    return life
  }

  private func say(_ text: String) { tell(SupervisorEvent(.notice, nil, text)) }
}
