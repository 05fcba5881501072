import DrydockTestSupport
import MonotonicTime
import Synchronization
import Testing

@testable import Emulator

/// Bug: a `down` that was told to end said nothing for as long as an engine took to stop.
@Suite struct StopTellingTests {
  private final class Notices: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }

    /// Waits for the first one.
    func first() async throws -> String {
      let deadline = Deadline.after(.seconds(30))
      var pause = Backoff()
      while all.isEmpty { try await pause.sleep(until: deadline, "a notice") }
      return all[0]
    }
  }

  private struct Failed: Error {}

  @Test func aQuickStopIsNotTold() async throws {
    let notices = Notices()
    try await tellingOfStop("db", after: .seconds(3600), notice: notices.add) {}
    #expect(notices.all.isEmpty)
    await #expect(throws: Failed.self) {
      try await tellingOfStop("db", after: .seconds(3600), notice: notices.add) { throw Failed() }
    }
    #expect(notices.all.isEmpty)
  }

  @Test func aSlowOneIs() async throws {
    let notices = Notices()
    try await tellingOfStop("db", after: .zero, notice: notices.add) { _ = try await notices.first() }
    #expect(notices.all == ["db is stopping"])
  }

  @Test func whoIsToldToEndSaysWhatIsWaitedFor() async throws {
    let notices = Notices()
    let begun = Notices()
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        try? await tellingOfStop("db", after: .seconds(3600), notice: notices.add) {
          begun.add("it")
          // As a stop is, which goes on whatever its caller wants.
          try await shieldedFromCancellation { _ = try await notices.first() }
        }
      }
      _ = try? await begun.first()
      group.cancelAll()
    }
    #expect(notices.all == ["told to end while db is stopping: that goes on"])
  }
}
