import MonotonicTime

/// What a replica's life tells the supervisor.
enum ReplicaReport: Sendable {
  /// It waits until these services are ready.
  case waiting([String])
  /// It is about to be started.
  case starting
  /// It runs.
  case running(RunningReplica, isAdopted: Bool)
  /// It answers.
  case ready
  /// It does not answer as it should.
  case unhealthy(String)
  /// It ended by itself.
  case ended(ReplicaEnd, RestartPolicy.Verdict)
  /// It could not be started, or what became of it cannot be told.
  case failed(any Error, RestartPolicy.Verdict)
  /// It is to end.
  case stopping
  /// It is gone, and does not come back.
  case gone
}

/// The life of one replica: it is started, proved ready, watched, started again when it ends, and stopped when that is wanted
/// or the task is cancelled.
struct ReplicaLife: Sendable {
  let replica: ServiceReplica
  let spec: ServiceSpec
  let runner: any ReplicaRunner
  let order: StopOrder
  /// Says why an endpoint is not healthy; nil for one that is.
  let check: @Sendable (ReplicaEndpoint, HealthRule) async -> String?
  /// Returns once these services are ready.
  let waitUntilReady: @Sendable ([String]) async -> Void
  /// Lets the requests under way end.
  let drain: @Sendable (ServiceReplica, Deadline) async -> Void
  let report: @Sendable (ReplicaReport) async -> Void

  /// How one run ended.
  private enum Outcome: Sendable {
    case ended(ReplicaEnd)
    case failed(any Error)
    /// Somebody wants it to end, or the task is cancelled.
    case unwanted
  }

  /// Returns once the replica is gone for good.
  func run() async {
    if !spec.waitsFor.isEmpty { await waitForOthers() }
    var policy = RestartPolicy()
    while !Task.isCancelled, order.given == nil {
      let begun = SuspendingClock.now
      let outcome = await oneRun()
      let uptime = begun.duration(to: .now)
      switch outcome {
      case .ended(let end):
        let verdict = policy.next(after: uptime, now: .now)
        await report(.ended(end, verdict))
        await rest(verdict.pause)
      case .failed(let error):
        let verdict = policy.next(after: uptime, now: .now)
        await report(.failed(error, verdict))
        await rest(verdict.pause)
      case .unwanted: break
      }
    }
    await end()
  }

  /// Nothing of it is left afterwards, cancelled or not.
  private func end() async {
    // First: a replica that leaves the router's table is forgotten there, with what is under way to it.
    if order.given == true, !Task.isCancelled { await drainUnlessHurried() }
    await report(.stopping)
    await stop()
    await report(.gone)
  }

  private func drainUnlessHurried() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await drain(replica, .after(spec.drain)) }
      group.addTask { await order.waitForHaste() }
      await group.next()
      group.cancelAll()
    }
  }

  private func stop() async {
    await shieldedFromCancellation {
      do { try await runner.stop(replica, grace: nil) } catch {
        await report(.failed(error, RestartPolicy.Verdict(pause: .zero, isCrashLoop: false)))
      }
    }
  }

  private func waitForOthers() async {
    await report(.waiting(spec.waitsFor))
    await firstOf { await waitUntilReady(spec.waitsFor) }
  }

  /// A pause that the order or a cancellation cuts short.
  private func rest(_ pause: Duration) async {
    // Cancelled is over.
    await firstOf { try? await Task.sleep(for: pause, clock: SuspendingClock()) }
  }

  /// Waits for something or for the order to end, whichever comes first.
  private func firstOf(_ body: @escaping @Sendable () async -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await body() }
      group.addTask { await order.wait() }
      await group.next()
      group.cancelAll()
    }
  }

  private func oneRun() async -> Outcome {
    let running: RunningReplica
    do {
      if let found = try await runner.find(replica) {
        running = found
        await report(.running(found, isAdopted: true))
      } else {
        await report(.starting)
        running = try await runner.start(replica, until: .after(.seconds(60)))
        await report(.running(running, isAdopted: false))
      }
    } catch is CancellationError {
      return .unwanted
    } catch {
      return .failed(error)
    }
    return await watch(running)
  }

  private func watch(_ running: RunningReplica) async -> Outcome {
    await withTaskGroup(of: Outcome?.self) { group in
      group.addTask {
        do { return .ended(try await runner.ending(of: replica)) } catch is CancellationError {
          return nil
        } catch { return .failed(error) }
      }
      group.addTask {
        await order.wait()
        return order.given == nil ? nil : .unwanted
      }
      group.addTask {
        await ReplicaHealth(endpoint: running.endpoint, rule: spec.health, check: check, report: report)
          .watch()
        return nil
      }
      for await outcome in group {
        guard let outcome else { continue }
        group.cancelAll()
        return outcome
      }
      return .unwanted
    }
  }
}
