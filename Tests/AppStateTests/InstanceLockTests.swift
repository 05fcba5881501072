import AppStateTestSupport
import Foundation
import MonotonicTime
import Synchronization
import Testing

@testable import AppState
@testable import DrydockBase

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

  /// What removed the instance had its lock: who waited for that must not hold the lock of a file that nobody sees.
  @Test(arguments: [true, false])
  func aLockThatWasRemovedWhileItWasWaitedForIsNotHeld(_ isMadeAgain: Bool) async throws {
    try await TestHome.with { test in
      let folder = "\(test.path)/i"
      let (waiting, isWaiting) = AsyncStream<Void>.makeStream()
      try await withThrowingTaskGroup(of: Bool.self) { group in
        try await holding(folder) {
          group.addTask {
            let lock = try await InstanceLock.acquire(
              folder, making: isMadeAgain ? .withParents : .never, until: .after(.seconds(60))
            ) { _ in isWaiting.yield() }
            guard let lock else { return false }
            _ = lock
            return true
          }
          for await _ in waiting { break }
          try Folder.remove(folder)
        }
        #expect(try await group.next() == isMadeAgain)
      }
      #expect(Folder.exists(folder) == isMadeAgain)
    }
  }

  /// What changes an instance, while another command deletes it.
  enum Change: CaseIterable, Sendable {
    case hold, update, environment, release
    func make(_ state: InstanceState, _ store: StateStore, _ notice: @escaping @Sendable (String) -> Void)
      async throws
    {
      let deadline = Deadline.after(.seconds(60))
      switch self {
      case .hold:
        let held = try await store.hold(state.id, called: state.handle, until: deadline, notice: notice)
        _ = held
      case .update: try await store.update(state.id) { $0.app = "other" }
      case .environment: try await store.updateAppEnvironment(state.id) { $0["A"] = "b" }
      case .release: try await store.updateReleases(state.id) { $1.record([:], "") }
      }
    }
  }

  @Test(arguments: Change.allCases)
  func anInstanceThatWasDeletedMeanwhileIsNotMadeAgain(_ change: Change) async throws {
    try await TestHome.with { test in
      let state = try test.directory.open(try test.app("web"), app: nil)
      let (waiting, isWaiting) = AsyncStream<Void>.makeStream()
      try await withThrowingTaskGroup(of: DrydockError?.self) { group in
        try await holding(test.home.instance(state.id)) {
          group.addTask {
            do {
              try await change.make(state, test.store) { _ in isWaiting.yield() }
              return nil
            } catch let error as DrydockError {
              return error
            }
          }
          // The others are not told that they wait.
          if change == .hold { for await _ in waiting { break } }
          try test.store.delete(state.id)
        }
        let error = try #require(try await group.next() ?? nil)
        #expect(error.message.contains("was deleted by another drydock command"))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(test.home.root)/instances").isEmpty)
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
