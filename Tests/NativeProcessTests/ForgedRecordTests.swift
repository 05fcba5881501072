import Foundation
import MonotonicTime
import Testing

@testable import NativeProcess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whoever runs an engine gets nobody to end what is not theirs.
@Suite("Whom a stop may end")
struct ForgedRecordTests {
  private func bystander(_ prefix: [String] = []) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = prefix + ["sleep", "1000"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Bug: an engine that let its lock go counted as stopped, and nothing ended it.
  @Test func anEngineThatLetsItsLockGoStillRuns() async throws {
    try await withScratch { scratch in
      var spec = scratch.shell(
        """
        for f in /proc/$$/fd/*; do
          case $(readlink "$f") in *engine.lock) flock -u "${f##*/}";; esac
        done
        echo gone; exec sleep 1000
        """)
      spec.workingDirectory = scratch.folder
      let engine = try await scratch.keeper().start(spec, until: .after(.seconds(30)))
      try await eventually("the lock") { scratch.log() == ["gone"] }
      #expect(try inspect(scratch.files) == .running(engine))
      #expect(
        try await stop(scratch.files, steps: [StopStep(signal: SIGTERM, patience: .seconds(30))]) != nil)
      #expect(try inspect(scratch.files) != .running(engine))
    }
  }

  /// Bug: a copy of a home showed the original's engines as its own, and ended them.
  @Test func aCopiedRecordIsNobodys() async throws {
    try await withScratch { scratch in
      let own = scratch.path("own")
      let (files, copy) = ("\(own)/process", scratch.path("copy"))
      mkdir(own, 0o700)
      mkdir(files, 0o700)
      var spec = scratch.shell("exec sleep 1000")
      (spec.files, spec.workingDirectory) = (SupervisedFiles(folder: files), own)
      let engine = try await scratch.keeper().start(spec, until: .after(.seconds(30)))
      try FileManager.default.copyItem(atPath: own, toPath: copy)
      let copied = SupervisedFiles(folder: "\(copy)/process")
      #expect(try inspect(copied) == .exited(.unknown, at: nil))
      #expect(try await stop(copied, steps: [StopStep(signal: SIGTERM, patience: .seconds(1))]) == nil)
      #expect(try inspect(spec.files) == .running(engine))
      #expect(try await stop(spec.files, steps: []) == .signal(SIGKILL))
    }
  }

  private static let isRoot = getuid() == 0

  /// In a folder of somebody else's, root believes what is said of that user's own processes alone.
  @Test(.enabled(if: isRoot, "only root looks at what others own"))
  func aForgedRecordEndsNobodyElse() async throws {
    try await withScratch { scratch in
      let bystander = try bystander()
      defer { kill(bystander.processIdentifier, SIGKILL) }
      let start = try #require(ProcessTable.entry(bystander.processIdentifier)).start
      let identity = #"{"pid":\#(bystander.processIdentifier),"start":\#(start)}"#
      let record = """
        {"format":1,"token":"1","boot":"\(ProcessTable.bootID)","keeper":\(identity),"engine":\(identity),\
        "user":0,"startedAt":1}
        """
      try Data(record.utf8).write(to: URL(filePath: scratch.files.statusFile))
      #expect(chown(scratch.folder, 12_345, 12_345) == 0)
      #expect(try inspect(scratch.files) == .exited(.unknown, at: nil))
      let holder = try self.bystander([
        "setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "flock", scratch.files.lockFile,
      ])
      defer { kill(holder.processIdentifier, SIGKILL) }
      try await eventually("the lock") { try inspect(scratch.files) == .settling }
      _ = try await stop(scratch.files, steps: [StopStep(signal: SIGTERM, patience: .milliseconds(50))])
      #expect(bystander.isRunning)
      #expect(chown(scratch.folder, 0, 0) == 0)
    }
  }

  /// What is written in place of the keeper's folder is not read at all.
  @Test(.enabled(if: isRoot, "only root looks at what others own"), arguments: ["link", "file"])
  func anExchangedFolderIsNamed(_ how: String) async throws {
    try await withScratch { scratch in
      let path = scratch.path("process")
      if how == "link" { symlink(scratch.folder, path) } else { try Data().write(to: URL(filePath: path)) }
      let error = #expect(throws: NativeProcessError.self) { try inspect(SupervisedFiles(folder: path)) }
      #expect(error?.message.contains("\(path) is no longer") == true)
    }
  }

  /// A descriptor can be sent to any process.
  @Test(.enabled(if: isRoot, "only root could end another user's process"))
  func aLockThatWasHandedOnEndsNobodyElse() async throws {
    try await withScratch { scratch in
      try await scratch.start(
        "setpriv --reuid=12345 --regid=12345 --clear-groups setsid sh -c 'echo $$; exec sleep 1000' & wait")
      try await eventually("the stranger") { scratch.log().count == 1 }
      let stranger = try #require(Int32(scratch.log()[0]))
      defer { kill(stranger, SIGKILL) }
      #expect(ProcessTable.lockHolders(scratch.files.lockFile).contains(stranger))
      try #require(try SupervisedLook(scratch.files)).killRest(lock: scratch.files.lockFile)
      try await eventually("the engine's end") { try inspect(scratch.files) == .settling }
      #expect(ProcessTable.entry(stranger)?.isZombie == false)
    }
  }

  /// Bug: root killed whoever had the lock of an engine whose folder was gone.
  @Test(.enabled(if: isRoot, "only root could end another user's process"))
  func aLockThatWasHandedOnEndsNobodyElseWhereItsFolderIsGone() async throws {
    try await withScratch { scratch in
      var spec = scratch.shell(
        "setpriv --reuid=12345 --regid=12345 --clear-groups setsid sh -c 'echo $$; exec sleep 1000' & wait")
      let files = SupervisedFiles(folder: scratch.path("process"))
      spec.files = files
      mkdir(files.folder, 0o700)
      let engine = try await scratch.keeper().start(spec, until: .after(.seconds(30)))
      func log() -> [String] { tail(logFile: files.logFile, lines: 100) }
      try await eventually("the stranger") { log().count == 1 }
      let stranger = try #require(Int32(log()[0]))
      defer { kill(stranger, SIGKILL) }
      try FileManager.default.removeItem(atPath: files.folder)
      #expect(Set(orphans(of: files, user: 0)).isSuperset(of: [engine.processID, engine.keeperPID]))
      try await endOrphans(of: files, user: 0, until: .after(.seconds(30)))
      #expect(orphans(of: files, user: 0).isEmpty)
      #expect(orphans(of: files, user: 12_345) == [stranger])
      #expect(ProcessTable.entry(stranger)?.isZombie == false)
    }
  }

  /// The keeper writes where nobody else can put anything.
  @Test(.enabled(if: isRoot, "only root has anything to lose by that"), arguments: ["owner", "link", "open"])
  func theKeeperRefusesAFolderThatIsNotRoots(_ how: String) async throws {
    try await withScratch { scratch in
      var spec = scratch.shell("exec sleep 1000")
      switch how {
      case "owner": chown(scratch.folder, 12_345, 12_345)
      case "open": chmod(scratch.folder, 0o777)
      default:
        mkdir(scratch.path("real"), 0o700)
        symlink("real", scratch.path("link"))
        spec.files = SupervisedFiles(folder: scratch.path("link"))
      }
      await #expect(throws: NativeProcessError.self) {
        try await scratch.keeper().start(spec, until: .after(.seconds(30)))
      }
      chown(scratch.folder, 0, 0)
      #expect(!FileManager.default.fileExists(atPath: spec.files.lockFile))
    }
  }

  /// A log that is a link, a pipe or another name of a file is not written to.
  @Test(arguments: ["link", "pipe", "hard"])
  func theKeeperWritesToNoOtherFile(_ how: String) async throws {
    try await withScratch { scratch in
      let victim = scratch.path("victim")
      try Data("precious".utf8).write(to: URL(filePath: victim))
      switch how {
      case "link": symlink("victim", scratch.files.logFile)
      case "pipe": mkfifo(scratch.files.logFile, 0o600)
      default: link(victim, scratch.files.logFile)
      }
      await #expect(throws: NativeProcessError.self) { try await scratch.start("echo line; exec sleep 1000") }
      #expect(FileManager.default.contents(atPath: victim) == Data("precious".utf8))
      #expect(scratch.log().isEmpty == (how != "hard"))
    }
  }
}
