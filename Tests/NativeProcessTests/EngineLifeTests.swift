import Foundation
import MonotonicTime
import NativeProcess
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("An engine's life under its keeper")
struct EngineLifeTests {
  @Test func runsThenStopsBySignal() async throws {
    try await withScratch { scratch in
      #expect(try inspect(scratch.files) == .neverStarted)
      let before = Date()
      let engine = try await scratch.start("exec sleep 1000")
      #expect(try inspect(scratch.files) == .running(engine))
      #expect(abs(engine.startedAt.timeIntervalSince(before)) < 60)
      let reason = try await stop(
        scratch.files, steps: [StopStep(signal: SIGTERM, patience: .seconds(30))])
      #expect(reason == .signal(SIGTERM))
      guard case .exited(.signal(SIGTERM), let ended) = try inspect(scratch.files) else {
        Issue.record("not recorded as ended by SIGTERM")
        return
      }
      #expect(try #require(ended) >= engine.startedAt)
      #expect(try await stop(scratch.files, steps: []) == nil)
    }
  }

  @Test(arguments: [0, 3, 127]) func recordsTheExitCode(_ code: Int32) async throws {
    try await withScratch { scratch in
      try await scratch.start("exit \(code)")
      try await eventually("the end") { try ending(scratch) == .code(code) }
    }
  }

  @Test func recordsTheSignalOfACrash() async throws {
    try await withScratch { scratch in
      let engine = try await scratch.start("echo last words; exec sleep 1000")
      try await eventually("the log") { scratch.log() == ["last words"] }
      kill(engine.processID, SIGSEGV)
      try await eventually("the end") { try ending(scratch) == .signal(SIGSEGV) }
      #expect(scratch.log() == ["last words"])
    }
  }

  @Test func startsAgainAfterItsEnd() async throws {
    try await withScratch { scratch in
      try await scratch.start("echo first; exit 1")
      try await eventually("the end") { try ending(scratch) == .code(1) }
      let second = try await scratch.start("echo second; exec sleep 1000")
      #expect(try inspect(scratch.files) == .running(second))
      try await eventually("both in the log") { scratch.log() == ["first", "second"] }
    }
  }

  @Test func outlivesItsKeeper() async throws {
    try await withScratch { scratch in
      let engine = try await scratch.start("exec sleep 1000")
      kill(engine.keeperPID, SIGKILL)
      try await eventually("the keeper's end") {
        let state = status(engine.keeperPID, "State")
        return state == nil || state?.hasPrefix("Z") == true
      }
      #expect(try inspect(scratch.files) == .running(engine))
      #expect(await code { try await scratch.start("exit 0") } == .alreadyRunning)
      kill(engine.processID, SIGKILL)
      try await eventually("a free lock") { try ending(scratch) == .unknown }
    }
  }

  @Test(arguments: [SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1])
  func keeperHeedsNoStraySignal(_ signal: Int32) async throws {
    try await withScratch { scratch in
      let engine = try await scratch.start("exec sleep 1000")
      kill(engine.keeperPID, signal)
      kill(engine.processID, SIGKILL)
      // Recorded: so the keeper was still there.
      try await eventually("the end") { try ending(scratch) == .signal(SIGKILL) }
    }
  }

  @Test func refusesASecondStart() async throws {
    try await withScratch { scratch in
      let engine = try await scratch.start("exec sleep 1000")
      #expect(await code { try await scratch.start("exit 0") } == .alreadyRunning)
      #expect(try inspect(scratch.files) == .running(engine))
    }
  }

  @Test func ofManyStartsOneWins() async throws {
    try await withScratch { scratch in
      let won = try await withThrowingTaskGroup(of: SupervisedProcess?.self) { group in
        for _ in 0..<8 {
          group.addTask {
            do { return try await scratch.start("exec sleep 1000") } catch let error as NativeProcessError {
              #expect(error.code == .alreadyRunning)
              return nil
            }
          }
        }
        return try await group.reduce(into: [SupervisedProcess]()) {
          if let engine = $1 { $0.append(engine) }
        }
      }
      #expect(won.count == 1)
      #expect(try won.first.map { .running($0) } == inspect(scratch.files))
    }
  }

  @Test func lookingDoesNotDisturbAStart() async throws {
    try await withScratch { scratch in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          while !Task.isCancelled {
            _ = try inspect(scratch.files)
            await Task.yield()
          }
        }
        for _ in 0..<15 {
          try await scratch.start("exec sleep 1000")
          _ = try await stop(scratch.files, steps: [])
        }
        group.cancelAll()
      }
    }
  }
}
