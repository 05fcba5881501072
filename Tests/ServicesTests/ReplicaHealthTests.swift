import Synchronization
import Testing

@testable import Services

@Suite("Health of a replica", .timeLimit(.minutes(2)))
struct ReplicaHealthTests {
  /// Watches a replica whose checks answer so, one after the other, the last for ever.
  /// - Returns: What was reported, once so many reports have come.
  private func reports(_ answers: [String?], count: Int) async -> [String] {
    let asked = Mutex(0)
    let (reports, continuation) = AsyncStream.makeStream(of: String.self)
    let health = ReplicaHealth(
      endpoint: ReplicaEndpoint(port: 1),
      rule: HealthRule(path: "/", grace: .zero, interval: .milliseconds(1), timeout: .seconds(1)),
      check: { _, _ in
        let number = asked.withLock { asked in
          defer { asked += 1 }
          return asked
        }
        return answers[min(number, answers.count - 1)]
      },
      report: { report in
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
    #expect(await reports(answers, count: 4) == ["ready", "refused", "500", "ready"])
  }

  @Test("of one that never was, the reason of the moment is told once the grace is over")
  func notReady() async {
    let told = await reports(Array(repeating: "refused", count: 200) + ["404", nil], count: 3)
    #expect(told == ["refused", "404", "ready"])
  }
}
