import ConvoxManifest
import MonotonicTime
import Synchronization
import Testing

@testable import Services

@Suite("Timers", .timeLimit(.minutes(15)))
struct TimerClockTests {
  /// A clock that stands still until somebody waits for it, and a log of what timers did.
  private final class World: Sendable {
    struct State {
      var now = 1_767_225_590  // ten seconds to midnight, 2026-01-01
      var runs: [Int] = []
      var begun = 0
      var notices: [String] = []
    }

    let state = Mutex(State())
    /// Ends all runs.
    let end = Latch()

    /// Goes on by some seconds, up to a moment; beyond it nothing happens any more.
    func sleep(_ seconds: Int, until last: Int) async throws {
      try Task.checkCancellation()
      let isOver = state.withLock { state in
        if state.now + seconds > last { return true }
        state.now += seconds
        return false
      }
      // Others have their turn before the clock goes on.
      try await Task.sleep(for: isOver ? .seconds(3600) : .milliseconds(1))
    }
  }

  /// Lets minutes pass in which a timer comes each minute and its runs do not end.
  private func passing(
    minutes: Int, concurrency: ConvoxManifest.Timer.Concurrency,
    until isDone: @escaping @Sendable (World.State) -> Bool
  )
    async throws -> World.State
  {
    let world = World()
    let last = world.state.withLock(\.now) + 10 + (minutes - 1) * 60 + 30
    let clock = TimerClock(
      runOnce: { _, number in
        world.state.withLock {
          $0.runs.append(number)
          $0.begun += 1
        }
        await world.end.wait()
        try Task.checkCancellation()
      },
      tell: { event in if event.kind == .notice { world.state.withLock { $0.notices.append(event.text) } } },
      now: { world.state.withLock(\.now) }, sleep: { try await world.sleep($0, until: last) })
    var timer = Timer(name: "tally", service: "web", schedule: "* * * * ?", command: "bin/tally")
    timer.concurrency = concurrency
    let timers = [timer]
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await clock.run(timers) }
      while !isDone(world.state.withLock(\.self)) { try await Task.sleep(for: .milliseconds(2)) }
      group.cancelAll()
      try await group.waitForAll()
      return world.state.withLock(\.self)
    }
  }

  @Test("a run comes each minute, also while the last one goes on, as on AWS")
  func overlapping() async throws {
    let state = try await passing(minutes: 3, concurrency: .allow) { $0.begun == 3 }
    #expect(state.runs == [1, 2, 3])
  }

  @Test("with Forbid a run is left out while the last one goes on, which is told")
  func forbidden() async throws {
    let state = try await passing(minutes: 3, concurrency: .forbid) { $0.notices.count == 2 }
    #expect(state.runs == [1])
    #expect(state.notices.allSatisfy { $0.contains("left out") })
  }

  @Test("with Replace the last run is ended for the next one")
  func replaced() async throws {
    let state = try await passing(minutes: 2, concurrency: .replace) { $0.begun == 2 }
    #expect(state.begun == 2)
  }
}
