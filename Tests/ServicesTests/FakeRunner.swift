import Foundation
import MonotonicTime
import NativeProcess
import ServiceRouter
import Synchronization

@testable import Services

/// Replicas that exist in memory only: they end when a test says so.
final class FakeRunner: ReplicaRunner {
  private struct State {
    var running: [ServiceReplica: Latch] = [:]
    var starts: [ServiceReplica] = []
    var stops: [ServiceReplica] = []
    var ends: [ServiceReplica: ReplicaEnd] = [:]
    var failures: [ServiceReplica: Int] = [:]
  }

  private let state = Mutex(State())

  /// What was started, in order.
  var starts: [ServiceReplica] { state.withLock(\.starts) }
  /// What was stopped, in order.
  var stops: [ServiceReplica] { state.withLock(\.stops) }
  /// What runs now.
  var running: [ServiceReplica] { state.withLock { $0.running.keys.sorted() } }

  /// Has the next starts of a replica fail.
  func fail(_ replica: ServiceReplica, times: Int) { state.withLock { $0.failures[replica] = times } }

  /// Has a replica that another supervisor left run already.
  func leave(_ replica: ServiceReplica) { state.withLock { $0.running[replica] = Latch() } }

  /// Ends a replica by itself.
  func end(_ replica: ServiceReplica, _ reason: ExitReason) {
    state.withLock { state -> Latch? in
      state.ends[replica] = ReplicaEnd(reason: reason, lastLines: ["last words"])
      return state.running.removeValue(forKey: replica)
    }?.come()
  }

  func find(_ replica: ServiceReplica) async throws -> RunningReplica? {
    state.withLock { $0.running[replica] != nil } ? Self.running(replica) : nil
  }

  func start(_ replica: ServiceReplica, until deadline: Deadline) async throws -> RunningReplica {
    try state.withLock { state in
      state.starts.append(replica)
      if let left = state.failures[replica], left > 0 {
        state.failures[replica] = left - 1
        throw FakeFailure()
      }
      state.running[replica] = Latch()
    }
    return Self.running(replica)
  }

  func place(of replica: ServiceReplica) async throws -> ReplicaAccess.Place {
    .container(replica.name, hasTerminal: false)
  }

  func ending(of replica: ServiceReplica) async throws -> ReplicaEnd {
    await state.withLock { $0.running[replica] }?.wait()
    try Task.checkCancellation()
    return state.withLock { $0.ends[replica] } ?? ReplicaEnd(reason: .unknown)
  }

  func stop(_ replica: ServiceReplica, grace: Duration?) async throws {
    state.withLock { state -> Latch? in
      state.stops.append(replica)
      return state.running.removeValue(forKey: replica)
    }?.come()
  }

  private static func running(_ replica: ServiceReplica) -> RunningReplica {
    var running = RunningReplica(
      id: replica.name, startedAt: Date(timeIntervalSince1970: 0),
      endpoint: ReplicaEndpoint(port: 9000 + replica.number))
    running.furtherEndpoints = [9090: ReplicaEndpoint(port: 19_000 + replica.number)]
    return running
  }
}

struct FakeFailure: Error {}

/// Notes what requests are led to.
final class FakeTraffic: Traffic {
  private let state = Mutex<[String: [ServiceReplica]]>([:])
  private let furtherEndpoints = Mutex<[String: [Int]]>([:])
  private let drainedReplicas = Mutex<[ServiceReplica]>([])

  /// Where a service's requests go.
  func replicas(of service: String) -> [ServiceReplica] { state.withLock { $0[service] ?? [] } }
  /// Where connections to one of a service's further ports go.
  func ports(of service: String, further: Int) -> [Int] {
    furtherEndpoints.withLock { $0["\(service):\(further)"] ?? [] }
  }
  /// What was drained.
  var drained: [ServiceReplica] { drainedReplicas.withLock(\.self) }

  func direct(
    _ service: String, further: Int?, to replicas: [ServiceReplica: ReplicaEndpoint],
    condition: ServiceCondition, detail: String?
  ) async {
    guard let further else { return state.withLock { $0[service] = replicas.keys.sorted() } }
    furtherEndpoints.withLock { $0["\(service):\(further)"] = replicas.values.map(\.port).sorted() }
  }

  /// One that gets requests no more is unknown to a router, and cannot be drained.
  func drain(_ replica: ServiceReplica, until deadline: Deadline) async {
    guard replicas(of: replica.service).contains(replica) else { return }
    drainedReplicas.withLock { $0.append(replica) }
  }
}
