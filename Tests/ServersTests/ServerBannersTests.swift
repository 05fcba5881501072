import AppStateTestSupport
import Foundation
import Synchronization
import Testing

@testable import Servers

@Suite struct ServerBannersTests {
  private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
      count.withLock { count in
        count += 1
        return count
      }
    }
  }

  private func banner(_ test: TestHome, of server: String = "server", answer: String?) async -> String? {
    await ServerBanners(cache: "\(test.path)/cache").banner(of: "\(test.path)/\(server)") { answer }
  }

  @Test func aServerIsAskedOnce() async throws {
    try await TestHome.with { test in
      try test.write("v1", to: "server")
      #expect(await banner(test, answer: "first") == "first")
      #expect(await banner(test, answer: "second") == "first")
    }
  }

  @Test func thoseWhoAskMeanwhileShareTheAnswer() async throws {
    try await TestHome.with { test in
      try test.write("v1", to: "server")
      let banners = ServerBanners(cache: "\(test.path)/cache")
      let asked = Counter()
      let answers = await withTaskGroup(of: String?.self) { group in
        for _ in 0..<4 {
          group.addTask {
            await banners.banner(of: "\(test.path)/server") {
              // The others get their turn to ask.
              for _ in 0..<100 { await Task.yield() }
              return "answer \(asked.next())"
            }
          }
        }
        return await group.reduce(into: [String?]()) { $0.append($1) }
      }
      #expect(answers == Array(repeating: "answer 1", count: 4))
    }
  }

  @Test func anotherFileInItsPlaceIsAskedAgain() async throws {
    try await TestHome.with { test in
      try test.write("v1", to: "server")
      #expect(await banner(test, answer: "first") == "first")
      try test.write("v1.1", to: "server")
      #expect(await banner(test, answer: "second") == "second")
      #expect(await banner(test, answer: "third") == "second")
    }
  }

  @Test func noAnswerIsNotKept() async throws {
    try await TestHome.with { test in
      try test.write("v1", to: "server")
      #expect(await banner(test, answer: nil) == nil)
      #expect(await banner(test, answer: "late") == "late")
    }
  }

  @Test(arguments: ["no JSON", "{\"/bin/sh\": 1}"])
  func whatCannotBeReadIsMadeAnew(_ content: String) async throws {
    try await TestHome.with { test in
      try test.write("v1", to: "server")
      try test.write(content, to: "cache/server-banners.json")
      #expect(await banner(test, answer: "first") == "first")
      #expect(await banner(test, answer: "second") == "first")
    }
  }

  @Test func aCacheThatCannotBeWrittenIsDoneWithout() async throws {
    try await TestHome.with { test in
      try test.write("v1", to: "server")
      try test.write("", to: "cache")
      #expect(await banner(test, answer: "first") == "first")
      #expect(await banner(test, answer: "second") == "second")
    }
  }

  @Test func whatIsGoneIsForgotten() async throws {
    try await TestHome.with { test in
      try test.write("v1", to: "server")
      try test.write("v1", to: "other")
      _ = await banner(test, answer: "first")
      try FileManager.default.removeItem(atPath: "\(test.path)/server")
      _ = await banner(test, of: "other", answer: "other")
      let kept = try #require(test.text("cache/server-banners.json"))
      #expect(kept.contains("other") && !kept.contains("first"))
    }
  }
}
