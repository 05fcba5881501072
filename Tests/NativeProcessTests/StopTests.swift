import Foundation
import MonotonicTime
import NativeProcess
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Stopping an engine")
struct StopTests {
  private let deaf = "trap '' TERM INT; echo ready; while :; do sleep 1000; done"

  @Test func escalatesStepByStep() async throws {
    try await withScratch { scratch in
      try await scratch.start(deaf)
      try await eventually("the trap") { scratch.log() == ["ready"] }
      let steps = [SIGTERM, SIGINT].map { StopStep(signal: $0, patience: .milliseconds(50)) }
      #expect(try await stop(scratch.files, steps: steps) == .signal(SIGKILL))
    }
  }

  @Test func usesTheStepThatTheEngineHeeds() async throws {
    try await withScratch { scratch in
      try await scratch.start("trap 'exit 7' INT; trap '' TERM; echo ready; while :; do sleep 0.01; done")
      try await eventually("the trap") { scratch.log() == ["ready"] }
      let steps = [
        StopStep(signal: SIGTERM, patience: .milliseconds(50)),
        StopStep(signal: SIGINT, patience: .seconds(30)),
      ]
      #expect(try await stop(scratch.files, steps: steps) == .code(7))
    }
  }

  @Test func goesOnWhenItsCallerIsCancelled() async throws {
    try await withScratch { scratch in
      try await scratch.start(deaf)
      try await eventually("the trap") { scratch.log() == ["ready"] }
      let reason = try await withThrowingTaskGroup(of: ExitReason?.self) { group in
        group.addTask {
          try await stop(scratch.files, steps: [StopStep(signal: SIGTERM, patience: .milliseconds(50))])
        }
        group.cancelAll()
        return try await group.next() ?? nil
      }
      #expect(reason == .signal(SIGKILL))
      #expect(try ending(scratch) == .signal(SIGKILL))
    }
  }

  /// PostgreSQL's children lead sessions of their own and have the lock's descriptor too.
  @Test func endsChildrenOutsideTheSession() async throws {
    try await withScratch { scratch in
      try await scratch.start("setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 1000' & wait")
      try await eventually("the child") { scratch.log().count == 1 }
      let child = try #require(Int32(scratch.log()[0]))
      #expect(
        try await stop(scratch.files, steps: [StopStep(signal: SIGTERM, patience: .milliseconds(50))]) != nil)
      try await eventually("the child's end") { status(child, "State").map { $0.hasPrefix("Z") } ?? true }
    }
  }

  @Test func endsAnEngineWithoutItsKeeper() async throws {
    try await withScratch { scratch in
      let engine = try await scratch.start(deaf)
      kill(engine.keeperPID, SIGKILL)
      #expect(try await stop(scratch.files, steps: []) == .unknown)
    }
  }

  @Test func endsAStoppedEngineAndKeeper() async throws {
    try await withScratch { scratch in
      let engine = try await scratch.start("exec sleep 1000")
      kill(engine.processID, SIGSTOP)
      kill(engine.keeperPID, SIGSTOP)
      #expect(try await stop(scratch.files, steps: []) != nil)
      #expect(try ending(scratch) != nil)
    }
  }

  /// Bug: to an `up` right after a crash the engine still ran, because its keeper had not said otherwise yet.
  @Test func whoAsksWaitsForTheKeeperToSayHowItEnded() async throws {
    try await withScratch { scratch in
      let engine = try await scratch.start("exec sleep 1000")
      kill(engine.keeperPID, SIGSTOP)
      kill(engine.processID, SIGKILL)
      try await eventually("the engine's end") { try inspect(scratch.files) == .settling }
      async let settled = settledState(scratch.files)
      kill(engine.keeperPID, SIGCONT)
      guard case .exited(.signal(SIGKILL), _) = try await settled else {
        Issue.record("\(try await settled)")
        return
      }
    }
  }

  /// The status file names a process that was given the engine's number later: it must come to no harm.
  @Test(arguments: ["start", "boot"]) func sparesAReusedNumber(_ doctored: String) async throws {
    try await withScratch { scratch in
      let bystander = Process()
      bystander.executableURL = URL(fileURLWithPath: "/bin/sleep")
      bystander.arguments = ["1000"]
      bystander.standardOutput = FileHandle.nullDevice
      bystander.standardError = FileHandle.nullDevice
      try bystander.run()
      defer { kill(bystander.processIdentifier, SIGKILL) }
      let engine = try await scratch.start("exec sleep 1000")
      try doctor(scratch, engine: bystander.processIdentifier, doctored)
      #expect(try inspect(scratch.files) == .settling)
      #expect(try await stop(scratch.files, steps: [StopStep(signal: SIGTERM, patience: .seconds(1))]) != nil)
      #expect(bystander.isRunning)
      try await eventually("the engine's end") {
        status(engine.processID, "State").map { $0.hasPrefix("Z") } ?? true
      }
    }
  }

  private func doctor(_ scratch: Scratch, engine: Int32, _ what: String) throws {
    let file = URL(fileURLWithPath: scratch.files.statusFile)
    let stored = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
    var record = try #require(stored as? [String: Any])
    if what == "start" {
      record["engine"] = ["pid": Int(engine), "start": 1]
    } else {
      let fields = proc(engine, "stat").split(separator: " ")
      record["engine"] = ["pid": Int(engine), "start": try #require(Int(fields[21]))]
      record["boot"] = "another"
    }
    try JSONSerialization.data(withJSONObject: record).write(to: file, options: .atomic)
  }
}
