import Foundation
import MonotonicTime
import NativeProcess
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Starts that fail")
struct KeeperFailureTests {
  @Test(arguments: [("/nowhere/engine", ENOENT), ("/etc/passwd", EACCES), ("/", EACCES)])
  func tellsWhyNothingWasExecuted(_ executable: String, _ number: Int32) async throws {
    try await withScratch { scratch in
      var spec = scratch.shell("")
      spec.executable = executable
      #expect(await start(spec, scratch) == .cannotExecute(number))
      #expect(try inspect(scratch.files) == .neverStarted)
      // The lock is free again at once.
      try await scratch.start("exec sleep 1000")
    }
  }

  @Test func tellsOfFoldersThatCannotBeUsed() async throws {
    try await withScratch { scratch in
      var spec = scratch.shell("")
      spec.workingDirectory = "/nowhere"
      #expect(await start(spec, scratch) == .fileUnusable(ENOENT))
      spec = scratch.shell("")
      spec.files = SupervisedFiles(folder: scratch.path("missing"))
      #expect(await start(spec, scratch) == .fileUnusable(ENOENT))
      try FileManager.default.removeItem(atPath: scratch.files.logFile)
      try FileManager.default.createDirectory(
        atPath: scratch.files.logFile, withIntermediateDirectories: false)
      #expect(await start(scratch.shell(""), scratch) == .fileUnusable(EISDIR))
    }
  }

  @Test func refusesWhatCannotBePassedOn() async throws {
    try await withScratch { scratch in
      #expect(await start(scratch.shell("echo \u{0}"), scratch) == .keeperFailed)
      var spec = scratch.shell("exit 0")
      spec.executable = "relative"
      #expect(await start(spec, scratch) == .keeperFailed)
    }
  }

  /// A file system without locks is hard to come by, so here a stub answers as the keeper does on one.
  @Test func tellsOfMissingLocks() async throws {
    try await withScratch { scratch in
      let stub = scratch.path("keeper")
      try "#!/bin/sh\ncat > /dev/null\necho '{\"error\":\"lock-unsupported\",\"errno\":95}'\nexit 71\n"
        .write(toFile: stub, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: stub)
      let found = await code {
        try await Keeper(executable: stub).start(scratch.shell(""), until: .after(.seconds(30)))
      }
      #expect(found == .locksUnsupported)
    }
  }

  @Test func aMissingKeeperIsNamed() async throws {
    try await withScratch { scratch in
      let found = await code {
        try await Keeper(executable: "/nowhere/keeper").start(scratch.shell(""), until: .after(.seconds(30)))
      }
      #expect(found == .keeperFailed)
    }
  }

  /// While somebody looks at the lock a start waits for a moment: long enough here to miss its deadline.
  @Test func aLateStartLeavesNothing() async throws {
    try await withScratch { scratch in
      let lock = open(scratch.files.lockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      #expect(flock(lock, LOCK_SH) == 0)
      await #expect(throws: TimeoutError.self) {
        try await scratch.keeper().start(scratch.shell("exec sleep 1000"), until: .after(.milliseconds(100)))
      }
      close(lock)
      let state = try inspect(scratch.files)
      #expect(state == .neverStarted)
    }
  }

  @Test func aCancelledStartLeavesOthersAlone() async throws {
    try await withScratch { scratch in
      let engine = try await scratch.start("exec sleep 1000")
      let keeper = try scratch.keeper()
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          await #expect(throws: (any Error).self) {
            try await keeper.start(scratch.shell("exit 0"), until: .after(.seconds(30)))
          }
        }
        group.cancelAll()
      }
      #expect(try inspect(scratch.files) == .running(engine))
    }
  }

  private func start(_ spec: SupervisedSpec, _ scratch: Scratch) async -> NativeProcessError.Code? {
    await code { try await scratch.keeper().start(spec, until: .after(.seconds(30))) }
  }
}
