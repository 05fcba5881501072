import DrydockBase

/// What the supervisor keeps of a replica.
struct ReplicaEntry: Sendable {
  let order: StopOrder
  var status: ReplicaStatus
  var endpoint: ReplicaEndpoint?
  var furtherEndpoints: [Int: ReplicaEndpoint] = [:]
  /// Why it could not be started where something could not be written; nil for one that runs.
  var unwritten: DrydockError?
}

extension ReplicaEntry {
  /// What others are told: a replica that is to end is none that is ready, also where its life has not heard of it yet.
  var toldStatus: ReplicaStatus {
    var told = status
    if order.given != nil { told.state = .stopping }
    return told
  }

  /// Notes a report; the event that tells others of it, where it is worth one.
  /// - Parameter isLast: Whether nothing is started again after an end.
  mutating func take(
    _ report: ReplicaReport, of replica: ServiceReplica, isLast: Bool = false
  ) -> SupervisorEvent? {
    switch report {
    case .waiting(let services):
      status.state = .waiting
      status.reason = "waits for \(services.joined(separator: ", "))"
      return SupervisorEvent(.waiting, replica, "waits for \(services.joined(separator: ", "))")
    case .starting:
      if status.lastEnd != nil { status.restarts += 1 }
      (status.state, status.reason, status.id) = (.starting, nil, nil)
      return nil
    case .running(let running, let isAdopted):
      (endpoint, furtherEndpoints) = (running.endpoint, running.furtherEndpoints)
      unwritten = nil
      (status.state, status.reason, status.id) = (.starting, nil, running.id)
      (status.startedAt, status.port) = (running.startedAt, running.endpoint?.port)
      return SupervisorEvent(
        isAdopted ? .adopted : .started, replica,
        isAdopted ? "runs already (\(running.id))" : "started (\(running.id))")
    case .ready:
      (status.state, status.reason) = (.ready, nil)
      return SupervisorEvent(.ready, replica, "ready")
    case .unhealthy(let reason):
      // One that was never ready is still starting.
      if status.state == .ready { status.state = .unhealthy }
      status.reason = reason
      return SupervisorEvent(.unhealthy, replica, "not healthy: \(reason)")
    case .ended(let end, let verdict):
      status.settle(verdict, end.description)
      return SupervisorEvent(
        .ended, replica, "ended: \(end.description)" + (isLast ? "" : "; \(verdict.words)"),
        details: end.lastLines)
    case .failed(let error, let verdict):
      let error = DrydockError(error)
      unwritten = error.code == .cannotWrite ? error : nil
      status.settle(verdict, error.message)
      let suggestion = error.suggestion.map { ["\($0)"] } ?? []
      return SupervisorEvent(
        .failed, replica, error.message + (isLast ? "" : "; \(verdict.words)"),
        details: error.details + suggestion)
    case .stopping:
      guard status.state != .stopping else { return nil }
      status.state = .stopping
      return status.id == nil ? nil : SupervisorEvent(.stopping, replica, "stopping")
    case .gone: return SupervisorEvent(.stopped, replica, "stopped")
    }
  }
}

extension ReplicaStatus {
  fileprivate mutating func settle(_ verdict: RestartPolicy.Verdict, _ end: String) {
    (state, id, lastEnd) = (verdict.isCrashLoop ? .crashLoop : .restarting, nil, end)
    reason = verdict.words
  }
}

extension RestartPolicy.Verdict {
  /// What comes next, for people.
  var words: String {
    let again = pause == .zero ? "is tried again" : "starts again in \(pause.components.seconds) s"
    return isCrashLoop ? "crash loop, \(again)" : again
  }
}
