import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

@testable import NativeProcess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

#if os(Linux)
  @Suite("A folder that goes with a process")
  struct FolderGuardTests {
    private func process(_ words: [String], in folder: String = "/") throws -> Process {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = words
      process.currentDirectoryURL = URL(filePath: folder)
      try process.run()
      return process
    }

    /// A folder with a file in a folder, a link out of it, and a process that works in it in a session of its own.
    private func folder(in scratch: Scratch) throws -> (path: String, worker: Process) {
      let path = scratch.path("instance")
      try FileManager.default.createDirectory(atPath: path + "/deep/er", withIntermediateDirectories: true)
      try Data("kept".utf8).write(to: URL(filePath: scratch.path("outside")))
      symlink(scratch.folder, path + "/deep/er/link")
      try Data().write(to: URL(filePath: path + "/deep/er/file"))
      return (path, try process(["sh", "-c", "setsid sleep 1000 & exec sleep 1000"], in: path + "/deep"))
    }

    private func start(_ scratch: Scratch, _ path: String, _ leash: Leash?) async throws -> FolderGuard {
      try await FolderGuard.start(scratch.keeper(), folder: path, leash: leash, until: .after(.seconds(30)))
    }

    private func isGone(_ path: String) -> Bool {
      var info = stat()
      return lstat(path, &info) != 0
    }

    @Test("After kill -9 of its process; no link is followed out of it")
    func goesWithItsProcess() async throws {
      try await withScratch { scratch in
        let (path, worker) = try folder(in: scratch)
        let holder = try process(["sleep", "1000"])
        let started = try await start(scratch, path, Leash(to: holder.processIdentifier))
        #expect(FolderGuard(of: path)?.folder == started.folder)
        kill(holder.processIdentifier, SIGKILL)
        try await eventually("the folder's end") { isGone(path) }
        worker.waitUntilExit()
        #expect(worker.terminationReason == .uncaughtSignal)
        #expect(!isGone(scratch.path("outside")))
      }
    }

    /// Bug: what ends with whoever starts a guard, all of his session, took a guard along that had not left it yet. One in a
    /// hundred was lost so on a busy machine, and the engines with it.
    @Test func hasLeftItsStartersSessionOnceItAnswers() async throws {
      try await withScratch { scratch in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 1...8 {
            group.addTask {
              for round in 1...25 {
                let path = scratch.path("instance\(number).\(round)")
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                let started = try await start(scratch, path, Leash.toThisProcess())
                #expect(FolderGuard(of: path) != nil)
                try await started.clear()
              }
            }
          }
          try await group.waitForAll()
        }
      }
    }

    @Test func goesWhenItIsTold() async throws {
      try await withScratch { scratch in
        let (path, worker) = try folder(in: scratch)
        try await start(scratch, path, Leash.toThisProcess()).clear()
        #expect(isGone(path))
        worker.waitUntilExit()
      }
    }

    @Test func staysWhenItIsKept() async throws {
      try await withScratch { scratch in
        let (path, worker) = try folder(in: scratch)
        let holder = try process(["sleep", "1000"])
        try await start(scratch, path, Leash(to: holder.processIdentifier)).keep()
        kill(holder.processIdentifier, SIGKILL)
        holder.waitUntilExit()
        // Whoever looks finds the same guard, which goes on.
        let found = try #require(FolderGuard(of: path))
        #expect(worker.isRunning)
        try await found.clear()
        #expect(isGone(path))
        worker.waitUntilExit()
      }
    }

    @Test("What was left is removed by a guard whose holder has been")
    func removesWhatWasLeft() async throws {
      try await withScratch { scratch in
        let (path, worker) = try folder(in: scratch)
        try await start(scratch, path, nil).clear()
        #expect(isGone(path))
        worker.waitUntilExit()
      }
    }

    @Test("An engine ends with its guard, also where that was killed")
    func endsWithItsGuard() async throws {
      try await withScratch { scratch in
        let (path, worker) = try folder(in: scratch)
        let started = try await start(scratch, path, Leash.toThisProcess())
        var spec = scratch.shell("sleep 1000 & echo there; wait")
        spec.leash = started.leash
        _ = try await scratch.keeper().start(spec, until: .after(.seconds(30)))
        let watcher = try #require(FolderGuard(of: path)).leash.process.pid
        kill(watcher, SIGKILL)
        let ending = try await waitForEnd(of: scratch.files, until: .after(.seconds(30)))
        #expect(ending == .signal(SIGKILL))
        worker.terminate()
        try await start(scratch, path, nil).clear()
      }
    }
  }
#endif
