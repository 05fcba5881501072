import ConvoxManifest
import DrydockBase
import Essentials
import MonotonicTime
import Synchronization

/// Runs the timers of an app when their schedules say so. A run that was missed, as the machine slept, is not made up for.
struct TimerClock: Sendable {
  /// Runs a timer once; the number tells runs apart that go on at the same time.
  let runOnce: @Sendable (_ timer: ConvoxManifest.Timer, _ number: Int) async throws -> Void
  /// Tells what becomes of them.
  let tell: @Sendable (SupervisorEvent) -> Void
  /// The wall clock, in seconds since 1970.
  var now: @Sendable () -> Int = { Int(Date().timeIntervalSince1970) }
  /// Waits for some seconds.
  var sleep: @Sendable (Int) async throws -> Void = {
    try await Task.sleep(for: .seconds($0), clock: SuspendingClock())
  }

  /// A run that begins later than this was missed.
  private static let lateness = 60

  /// Runs them until the task is cancelled, which ends what runs.
  func run(_ timers: [ConvoxManifest.Timer]) async {
    await withDiscardingTaskGroup { group in
      for timer in timers {
        // What can never run is an error of the manifest, which was told.
        guard let schedule = timer.schedule.flatMap({ try? TimerSchedule($0) }), timer.command != nil else {
          continue
        }
        group.addTask { await follow(timer, schedule) }
      }
    }
  }

  private func follow(_ timer: ConvoxManifest.Timer, _ schedule: TimerSchedule) async {
    let runs = TimerRuns()
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled, let next = schedule.next(after: now()) {
        guard await wait(until: next) else { continue }
        if timer.concurrency != .allow, runs.isAny {
          if timer.concurrency == .forbid {
            tell(
              SupervisorEvent(.notice, nil, "timer \(timer.name): its last run goes on, this one is left out")
            )
            continue
          }
          runs.endAll()
        }
        let (number, end) = runs.begin()
        group.addTask {
          await once(timer, number, until: end)
          runs.finish(number)
        }
      }
      group.cancelAll()
    }
  }

  /// One run, which somebody may end.
  private func once(_ timer: ConvoxManifest.Timer, _ number: Int, until end: Latch) async {
    let replica = ServiceReplica.run(ofTimer: timer.name, number)
    tell(SupervisorEvent(.started, replica, "started"))
    await withTaskGroup(of: SupervisorEvent?.self) { group in
      group.addTask {
        do {
          try await runOnce(timer, number)
          return SupervisorEvent(.ended, replica, "done")
        } catch is CancellationError {
          return SupervisorEvent(.stopped, replica, "stopped")
        } catch {
          let error = DrydockError(error)
          return SupervisorEvent(.failed, replica, error.message, details: error.details)
        }
      }
      group.addTask {
        await end.wait()
        return nil
      }
      if let first = await group.next(), let event = first {
        group.cancelAll()
        return tell(event)
      }
      group.cancelAll()
      if let last = await group.next(), let event = last { tell(event) }
    }
  }

  /// Waits in short steps, as the wall clock may be put.
  /// - Returns: Whether it is time; not where the moment was missed, or the task is cancelled.
  private func wait(until moment: Int) async -> Bool {
    while now() < moment {
      do { try await sleep(min(moment - now(), 5)) } catch { return false }
    }
    return now() <= moment + Self.lateness
  }
}

/// The runs of one timer that go on.
private final class TimerRuns: Sendable {
  private let runs = Mutex<[Int: Latch]>([:])

  var isAny: Bool { runs.withLock { !$0.isEmpty } }

  /// Notes a new one.
  /// - Returns: Its number, the lowest that is free, and what ends it.
  func begin() -> (number: Int, end: Latch) {
    runs.withLock { runs in
      var number = 1
      while runs[number] != nil { number += 1 }
      let end = Latch()
      runs[number] = end
      return (number, end)
    }
  }

  func finish(_ number: Int) { runs.withLock { _ = $0.removeValue(forKey: number) } }

  func endAll() { for end in runs.withLock({ Array($0.values) }) { end.come() } }
}
