import Synchronization
import Testing

@testable import Services

@Suite("Health of a replica", .timeLimit(.minutes(15)))
struct ReplicaHealthTests {
  /// Watches a replica whose checks answer so, by how many were made before and how many reports.
  /// - Returns: What was reported, once so many reports have come.
  private func reports(
    count: Int, _ answer: @escaping @Sendable (_ asked: Int, _ told: Int) -> String?
  ) async -> [String] {
    let asked = Mutex(0)
    let told = Mutex(0)
    let (reports, continuation) = AsyncStream.makeStream(of: String.self)
    let health = ReplicaHealth(
      endpoint: ReplicaEndpoint(port: 1),
      rule: HealthRule(path: "/", grace: .zero, interval: .milliseconds(1), timeout: .seconds(1)),
      check: { _, _ in
        let number = asked.withLock { asked in
          defer { asked += 1 }
          return asked
        }
        return answer(number, told.withLock(\.self))
      },
      report: { report in
        told.withLock { $0 += 1 }
        switch report {
        case .ready: continuation.yield("ready")
        case .unhealthy(let reason): continuation.yield(reason)
        default: continuation.yield("\(report)")
        }
      })
    return await withTaskGroup(of: [String]?.self) { group in
      group.addTask {
        await health.watch()
        return nil
      }
      group.addTask {
        var seen: [String] = []
        for await report in reports {
          seen.append(report)
          if seen.count == count { break }
        }
        return seen
      }
      for await seen in group {
        guard let seen else { continue }
        group.cancelAll()
        return seen
      }
      return []
    }
  }

  /// Bug: the first reason was told for ever, however the service failed later.
  @Test("of one that was ready, two failures in a row are told, and another reason as well, each once")
  func otherReasons() async {
    let answers: [String?] = [nil, "once", nil, "refused", "refused", "refused", "500", "500", nil]
    let told = await reports(count: 4) { asked, _ in answers[min(asked, answers.count - 1)] }
    #expect(told == ["ready", "refused", "500", "ready"])
  }

  @Test("of one that never was, the reason of the moment is told once the grace is over")
  func notReady() async {
    let told = await reports(count: 3) { _, told in told == 0 ? "refused" : told == 1 ? "404" : nil }
    #expect(told == ["refused", "404", "ready"])
  }
}
