import DrydockBase
import Foundation
import MonotonicTime
import Testing

@testable import NativeProcess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program of which one works at a time, found again by its lock and its own word.
@Suite("Programs in the background")
struct BackgroundProcessTests {
  struct Details: Codable, Sendable, Hashable { var number: Int }
  typealias Program = BackgroundProcess<Details>

  private func program(_ scratch: Scratch) -> Program {
    Program(
      name: "the clerk", lockFile: scratch.path("lock"), recordFile: scratch.path("clerk.json"),
      files: scratch.files)
  }

  /// How a shell script becomes the program: it takes the lock, and keeps it as whatever it becomes.
  private func script(_ scratch: Scratch, publishing: Bool = true) -> String {
    let (lock, record) = (scratch.path("lock"), scratch.path("clerk.json"))
    let word = """
      printf '{"number":7,"pid":%d,"start":%d,"boot":"%s"}' $$ "$(cut -d' ' -f22 /proc/$$/stat)" \
      "$(cat /proc/sys/kernel/random/boot_id)" >'\(record).new' && mv '\(record).new' '\(record)'
      """
    return "exec 9>'\(lock)'; flock -xn 9 || exit 1\n\(publishing ? word : "echo held")\nexec sleep 1000"
  }

  private func pid(_ program: Program) throws -> Int32? {
    if case .running(let process) = try program.look() { return process.pid }
    return nil
  }

  private func isStopped(_ program: Program) throws -> Bool {
    if case .stopped = try program.look() { return true }
    return false
  }

  /// Runs another process while `body` works.
  private func withBystander(_ words: [String], _ body: (Process) async throws -> Void) async throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer { kill(process.processIdentifier, SIGKILL) }
    try await body(process)
  }

  /// Bug: whoever looked took the lock, so that a start met "runs already" and two who looked each other.
  @Test func whoeverLooksIsNotTakenForTheProgram() async throws {
    try await withScratch { scratch in
      let program = program(scratch)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<2 {
          group.addTask {
            while !Task.isCancelled {
              _ = try program.look()
              await Task.yield()
            }
          }
        }
        for _ in 0..<200 {
          try await program.holding {
            let isStopped = try isStopped(program)
            #expect(!isStopped)
            await Task.yield()
          }
        }
        group.cancelAll()
        try await group.waitForAll()
      }
      #expect(try isStopped(program))
    }
  }

  @Test func whoWorksIsKnownWhileItDoesAndWhatItSaidAfterwards() async throws {
    try await withScratch { scratch in
      let program = program(scratch)
      #expect(program.lastDetails == nil)
      for number in 1...2 {
        try await program.holding {
          #expect(program.lastDetails?.number == (number == 1 ? nil : 1))
          guard case .starting = try program.look() else {
            Issue.record("the last one is on record")
            return
          }
          try program.publish(Details(number: number))
          #expect(try pid(program) == getpid())
          let error = await #expect(throws: NativeProcessError.self) { try await program.holding {} }
          #expect(error?.code == .alreadyRunning)
        }
        #expect(try isStopped(program) && program.lastDetails?.number == number)
      }
    }
  }

  @Test func whatNobodyWaitsForIsBegunOnceAndGivesWay() async throws {
    try await withScratch { scratch in
      let program = program(scratch)
      var spec = scratch.shell(script(scratch, publishing: false))
      spec.errand = 600
      let keeper = try scratch.keeper()
      #expect(try await program.begin(spec, by: keeper, until: .after(.seconds(30))))
      // Before it has its lock there is its keeper's.
      #expect(try await !program.begin(spec, by: keeper, until: .after(.seconds(30))))
      try await eventually("the lock") { try !isStopped(program) }
      #expect(try await !program.begin(spec, by: keeper, until: .after(.seconds(30))))
      guard case .running(let process) = try inspect(program.files) else {
        Issue.record("nothing runs")
        return
      }
      let nice = proc(process.processID, "stat").split(separator: ")").last?.split(separator: " ").dropFirst(
        16)
      #expect(nice?.first == "10")
      _ = try await stop(program.files, steps: [])
      spec.errand = 1
      #expect(try await program.begin(spec, by: keeper, until: .after(.seconds(30))))
      try await eventually("its end") {
        if case .exited(.signal(SIGALRM), _) = try inspect(program.files) { return true }
        return false
      }
    }
  }

  /// Bug: the number on record was signalled while anything had the lock.
  @Test(arguments: ["number", "start"])
  func whoIsOnRecordAndIsNotTheProgramComesToNoHarm(_ how: String) async throws {
    try await withScratch { scratch in
      let program = program(scratch)
      try await withBystander(["sleep", "1000"]) { bystander in
        let number = bystander.processIdentifier
        let more = how == "start" ? #","start":1,"boot":"\#(ProcessTable.bootID)""# : ""
        try Data(#"{"number":7,"pid":\#(number)\#(more)}"#.utf8).write(
          to: URL(filePath: program.recordFile))
        try await withBystander(["flock", program.lockFile, "sleep", "1000"]) { _ in
          try await eventually("the lock") { try !isStopped(program) }
          #expect(try pid(program) == nil)
          #expect(await code { try await program.stop(until: .after(.milliseconds(100))) } == .cannotStop)
          #expect(bystander.isRunning)
          // The tool's child has the lock too.
          for holder in ProcessTable.lockHolders(program.lockFile) { kill(holder, SIGKILL) }
        }
      }
    }
  }

  /// A record of an earlier release tells a number alone.
  @Test func oneOfAnEarlierReleaseIsKnownByItsLock() async throws {
    try await withScratch { scratch in
      let program = program(scratch)
      try await scratch.start(script(scratch, publishing: false))
      try await eventually("the lock") { scratch.log() == ["held"] }
      let holder = try #require(ProcessTable.lockHolders(program.lockFile).first)
      try Data(#"{"number":7,"pid":\#(holder)}"#.utf8).write(to: URL(filePath: program.recordFile))
      #expect(try pid(program) == holder)
      #expect(try await program.stop(until: .after(.seconds(30))))
      #expect(try isStopped(program))
    }
  }

  /// Bug: of several starts at once each ended what another began, or told of a program that was not there.
  @Test func ofSeveralStartsAtOnceOneStartsIt() async throws {
    try await withScratch { scratch in
      let program = program(scratch)
      let keeper = try scratch.keeper()
      let spec = scratch.shell(script(scratch))
      let found = try await withThrowingTaskGroup(of: (Int32, Bool).self) { group in
        for _ in 0..<6 {
          group.addTask {
            let (process, isNew) = try await program.start(spec, by: keeper, until: .after(.seconds(30)))
            return (process.pid, isNew)
          }
        }
        var found: [(Int32, Bool)] = []
        for try await one in group { found.append(one) }
        return found
      }
      let only = try #require(try pid(program))
      #expect(found.filter { $0.1 }.count == 1)
      #expect(Set(found.map { $0.0 }) == [only])
      #expect(try await program.stop(until: .after(.seconds(30))))
      #expect(try await !program.stop(until: .after(.seconds(30))))
    }
  }

  /// Bug: one that was halted outlived the stop's deadline.
  @Test(arguments: ["published", "held"])
  func oneThatWasHaltedIsEnded(_ how: String) async throws {
    try await withScratch { scratch in
      let program = program(scratch)
      try await scratch.start(script(scratch, publishing: how == "published"))
      try await eventually("the lock") { try !isStopped(program) }
      if how == "published" { try await eventually("its word") { try pid(program) != nil } }
      let holder = try #require(ProcessTable.lockHolders(program.lockFile).first)
      kill(holder, SIGSTOP)
      #expect(try await program.stop(until: .after(.seconds(30))))
      #expect(try isStopped(program))
      #expect(try ending(scratch) == .signal(SIGTERM))
    }
  }

  @Test func oneThatDoesNotHeedASignalIsKilled() async throws {
    try await withScratch { scratch in
      let program = program(scratch)
      try await scratch.start("trap '' TERM\n" + script(scratch))
      try await eventually("its word") { try pid(program) != nil }
      #expect(try await program.stop(until: .after(.seconds(2))))
      #expect(try ending(scratch) == .signal(SIGKILL))
    }
  }

  /// Bug: one that ended for want of space was reported by the exit code of anything.
  @Test(arguments: [
    (73, DrydockError.Code.cannotWrite), (1, DrydockError.Code.failed), (200, DrydockError.Code.failed),
  ])
  func oneThatEndsAtOnceIsToldByItsCode(_ status: Int, _ code: DrydockError.Code) async throws {
    try await withScratch { scratch in
      let program = program(scratch)
      let spec = scratch.shell("echo 'no room'; exit \(status)")
      let error = await #expect(throws: DrydockError.self) {
        _ = try await program.start(spec, by: scratch.keeper(), until: .after(.seconds(30)))
      }
      #expect(error?.code == code && error?.details == ["no room"])
      #expect(error?.message.hasPrefix("the clerk ended at once") == true)
    }
  }
}
