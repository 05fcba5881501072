import DrydockTestSupport
import MonotonicTime
import NativeProcess
import Testing

@testable import Services

@Suite("The supervisor", .timeLimit(.minutes(15)))
struct SupervisorTests {
  private let runner = FakeRunner()
  private let traffic = FakeTraffic()

  /// Runs a supervisor with services of these names and counts while `body` looks, then ends it.
  private func supervising(
    _ specs: [ServiceSpec], exitsOnFailure: Bool = false,
    _ body: @escaping @Sendable (Supervisor) async throws -> Void
  ) async throws -> Supervisor.Result {
    let supervisor = Supervisor(traffic: traffic, exitsOnFailure: exitsOnFailure) { _, _ in nil }
    let runner = runner
    return try await withThrowingTaskGroup(of: Supervisor.Result?.self) { group in
      group.addTask { await supervisor.run() }
      group.addTask {
        await supervisor.add(specs.map { PreparedService(spec: $0, runner: runner) })
        try await body(supervisor)
        return nil
      }
      var result: Supervisor.Result?
      while let next = try await group.next() {
        if let next { result = next } else if !exitsOnFailure { group.cancelAll() }
      }
      return try #require(result)
    }
  }

  private func service(_ name: String, count: Int = 1, waitsFor: [String] = []) -> ServiceSpec {
    ServiceSpec(name: name, kind: .process, port: 3000, count: count, waitsFor: waitsFor)
  }

  /// Waits for an event.
  private func next(_ kind: SupervisorEvent.Kind, _ events: AsyncStream<SupervisorEvent>, of name: String)
    async
  {
    for await event in events where event.kind == kind && event.replica?.name == name { return }
  }

  @Test("replicas that are ready get the requests, and all are stopped at the end")
  func readyReplicasGetRequests() async throws {
    let (runner, traffic) = (runner, traffic)
    _ = try await supervising([service("web", count: 2)]) { supervisor in
      await supervisor.waitUntilReady(["web"])
      while traffic.replicas(of: "web").count < 2 { try await Task.sleep(for: .milliseconds(2)) }
      #expect(runner.running.map(\.name) == ["web.1", "web.2"])
    }
    #expect(runner.running.isEmpty)
    #expect(traffic.replicas(of: "web").isEmpty)
  }

  @Test("what comes to further ports is led to where replicas that are ready listen")
  func furtherPorts() async throws {
    let (runner, traffic) = (runner, traffic)
    var spec = service("web", count: 2)
    (spec.port, spec.furtherPorts) = (nil, [9090])
    _ = try await supervising([spec]) { supervisor in
      await supervisor.waitUntilReady(["web"])
      try await eventually("both") { traffic.ports(of: "web", further: 9090) == [19_001, 19_002] }
      #expect(traffic.replicas(of: "web").isEmpty)
    }
    #expect(runner.running.isEmpty && traffic.ports(of: "web", further: 9090).isEmpty)
  }

  @Test("a service is started once those that it links are ready")
  func linksComeFirst() async throws {
    let runner = runner
    _ = try await supervising([service("web", waitsFor: ["api"]), service("api")]) { supervisor in
      await supervisor.waitUntilReady(["web", "api"])
      #expect(runner.starts.map(\.name) == ["api.1", "web.1"])
    }
  }

  @Test("a replica that ends is started again, with its end on record")
  func endedReplicaStartsAgain() async throws {
    let runner = runner
    _ = try await supervising([service("web")]) { supervisor in
      await supervisor.waitUntilReady(["web"])
      let events = supervisor.events()
      runner.end(ServiceReplica(service: "web", number: 1), .code(3))
      await next(.started, events, of: "web.1")
      let replica = try #require(await supervisor.status.first?.replicas.first)
      #expect(replica.restarts == 1)
      #expect(replica.lastEnd == "exit code 3")
    }
  }

  @Test("a replica that cannot be started is tried again")
  func failedStartIsTriedAgain() async throws {
    let runner = runner
    runner.fail(ServiceReplica(service: "web", number: 1), times: 1)
    _ = try await supervising([service("web")]) { supervisor in
      await supervisor.waitUntilReady(["web"])
      #expect(runner.starts.count == 2)
    }
  }

  @Test("what an earlier supervisor left is taken over, not started beside")
  func leftReplicaIsAdopted() async throws {
    let runner = runner
    runner.leave(ServiceReplica(service: "web", number: 1))
    _ = try await supervising([service("web")]) { supervisor in
      await supervisor.waitUntilReady(["web"])
      #expect(runner.starts.isEmpty)
      #expect(await supervisor.status.first?.replicas.first?.id == "web.1")
    }
    #expect(runner.running.isEmpty)
  }

  @Test("fewer replicas: the last ones are drained and stopped; more: new ones come")
  func scaling() async throws {
    let (runner, traffic) = (runner, traffic)
    _ = try await supervising([service("web", count: 3)]) { supervisor in
      // Ready is a service by its first replica; only one that is ready itself has requests to drain.
      while await supervisor.status.first?.replicas.filter({ $0.state == .ready }).count != 3 {
        try await Task.sleep(for: .milliseconds(2))
      }
      let events = supervisor.events()
      await supervisor.scale("web", to: 1)
      var gone: Set<String> = []
      for await event in events where event.kind == .stopped {
        gone.insert(event.replica?.name ?? "")
        if gone.count == 2 { break }
      }
      #expect(gone == ["web.2", "web.3"])
      #expect(Set(traffic.drained.map(\.name)) == gone)
      let more = supervisor.events()
      await supervisor.scale("web", to: 2)
      await next(.ready, more, of: "web.2")
      #expect(runner.running.map(\.name) == ["web.1", "web.2"])
    }
  }

  @Test("stopping all ends the supervisor")
  func stoppingAllEnds() async throws {
    let result = try await supervising([service("web", count: 2), service("api")]) { supervisor in
      await supervisor.waitUntilReady(["web", "api"])
      await supervisor.stop(["web"])
      #expect(await supervisor.status.map(\.service) == ["api"])
      await supervisor.stop(["api"])
    }
    #expect(result == .stopped)
    #expect(runner.running.isEmpty)
  }

  @Test("a service is replaced by one that was prepared anew, whatever number of replicas it has by now")
  func replacing() async throws {
    let (runner, other) = (runner, FakeRunner())
    _ = try await supervising([service("web")]) { supervisor in
      await supervisor.scale("web", to: 2)
      await supervisor.waitUntilReady(["web"])
      await supervisor.replace([PreparedService(spec: service("web"), runner: other)])
      while other.running.count < 2 { try await Task.sleep(for: .milliseconds(2)) }
      #expect(runner.running.isEmpty)
    }
    #expect(other.running.isEmpty)
  }

  /// Bug: a promotion that asked at once took the replicas that were to end for the new ones, and called it done.
  @Test("what was told to end is not said to be ready, from that moment on")
  func toldToEnd() async throws {
    let other = FakeRunner()
    other.fail(ServiceReplica(service: "web", number: 1), times: .max)
    _ = try await supervising([service("web")]) { supervisor in
      await supervisor.waitUntilReady(["web"])
      await supervisor.replace([PreparedService(spec: service("web"), runner: other)])
      #expect(await supervisor.status.allSatisfy { $0.readyCount == 0 })
    }
  }

  @Test("with --exit-on-failure the first end ends everything, with its status")
  func exitOnFailure() async throws {
    let runner = runner
    let result = try await supervising([service("web"), service("api")], exitsOnFailure: true) { supervisor in
      await supervisor.waitUntilReady(["web", "api"])
      runner.end(ServiceReplica(service: "api", number: 1), .signal(9))
    }
    guard case .failed(let replica, let end) = result else {
      Issue.record("it did not fail: \(result)")
      return
    }
    #expect(replica.name == "api.1")
    #expect(end.status == 137)
    #expect(runner.running.isEmpty)
  }
}
