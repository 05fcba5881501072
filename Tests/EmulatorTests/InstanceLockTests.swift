import Foundation
import MonotonicTime
import Synchronization
import Testing

@testable import Emulator

@Suite struct InstanceLockTests {
  /// Holds the lock while `body` runs.
  private func holding(_ folder: String, _ body: () async throws -> Void) async throws {
    let lock = try await InstanceLock.acquire(folder, until: .after(.seconds(30)))
    defer { _ = lock }
    try await body()
  }

  @Test func theSecondWaitsAndIsToldOnceWhoHasIt() async throws {
    try await TestHome.with { test in
      let told = Mutex<[Int32?]>([])
      try await holding("\(test.path)/i") {
        let error = try await emulatorError {
          let lock = try await InstanceLock.acquire("\(test.path)/i", until: .after(.milliseconds(60))) {
            holder in
            told.withLock { $0.append(holder) }
          }
          _ = lock
        }
        #expect(error.code == .notReady)
        #expect(error.message.contains("process \(getpid())"))
      }
      #expect(told.withLock { $0 } == [getpid()])
    }
  }

  @Test func itIsFreeAgainAfterwards() async throws {
    try await TestHome.with { test in
      for _ in 0..<3 { try await holding("\(test.path)/i") {} }
      #expect(test.mode("i/lock") == 0o600)
      #expect(test.mode("i") == 0o700)
    }
  }

  @Test func itIsFreeAfterAFailureToo() async throws {
    struct Failure: Error {}
    try await TestHome.with { test in
      await #expect(throws: Failure.self) { try await holding("\(test.path)/i") { throw Failure() } }
      try await holding("\(test.path)/i") {}
    }
  }

  @Test func oneAtATimeGetsIt() async throws {
    try await TestHome.with { test in
      let visitors = Visitors()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<6 {
          group.addTask {
            try await holding("\(test.path)/i") {
              await visitors.enter()
              await Task.yield()
              await visitors.leave()
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(await visitors.most == 1)
      #expect(await visitors.total == 6)
    }
  }

  @Test func aWaitCanBeCancelled() async throws {
    try await TestHome.with { test in
      try await holding("\(test.path)/i") {
        await #expect(throws: CancellationError.self) {
          try await withThrowingTaskGroup(of: Void.self) { group in
            let (waiting, isWaiting) = AsyncStream<Void>.makeStream()
            group.addTask {
              let lock = try await InstanceLock.acquire("\(test.path)/i", until: .after(.seconds(60))) { _ in
                isWaiting.yield()
              }
              _ = lock
            }
            for await _ in waiting { break }
            group.cancelAll()
            try await group.waitForAll()
          }
        }
      }
    }
  }
}

/// Counts who is in a place at the same time.
private actor Visitors {
  private var present = 0
  private(set) var most = 0
  private(set) var total = 0

  func enter() {
    present += 1
    total += 1
    most = max(most, present)
  }

  func leave() { present -= 1 }
}
