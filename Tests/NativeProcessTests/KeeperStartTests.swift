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

@Suite("What an engine is started with")
struct KeeperStartTests {
  @Test func exactlyTheGivenArgumentsAndEnvironment() async throws {
    try await withScratch { scratch in
      var spec = scratch.shell("exec sleep 1000")
      spec.executable = "/bin/sleep"
      spec.arguments = ["1000"]
      spec.environment = ["PASSWORD": "a b=c\n\"ä'", "EMPTY": ""]
      spec.workingDirectory = scratch.folder
      let engine = try await scratch.keeper().start(spec, until: .after(.seconds(30)))
      #expect(proc(engine.processID, "cmdline") == "/bin/sleep\u{0}1000\u{0}")
      #expect(proc(engine.processID, "environ") == "EMPTY=\u{0}PASSWORD=a b=c\n\"ä'\u{0}")
      let keeper = proc(engine.keeperPID, "cmdline").split(separator: "\u{0}").dropFirst()
      #expect(Array(keeper) == [scratch.files.lockFile[...], "test/shell"])
      let cwd = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(engine.processID)/cwd")
      #expect(cwd == scratch.folder)
    }
  }

  @Test(.enabled(if: Landlock.isAvailable, "the kernel has no Landlock, or none that permits renaming"))
  func itWritesNowhereButWhereItMay() async throws {
    try await withScratch { scratch in
      try FileManager.default.createDirectory(
        atPath: scratch.path("inside"), withIntermediateDirectories: false)
      var spec = scratch.shell(
        """
        cd inside && mkdir d && echo x > a && mv a d/ && : > /dev/null && : > /dev/stderr && echo inside
        touch ../outside; mv d .. ; rm ../engine.log; ln d/a ../link; cat ../engine.lock && echo done
        """)
      spec.workingDirectory = scratch.folder
      spec.writablePaths = [scratch.path("inside"), "/dev/null", scratch.path("missing")]
      _ = try await scratch.keeper().start(spec, until: .after(.seconds(30)))
      try await eventually("its end") { scratch.log().contains("done") }
      #expect(scratch.log().contains("inside"))
      for name in ["outside", "d", "link"] {
        #expect(!FileManager.default.fileExists(atPath: scratch.path(name)), "\(name): \(scratch.log())")
      }
      #expect(FileManager.default.fileExists(atPath: scratch.path("inside/d/a")))
    }
  }

  @Test func aCleanSlate() async throws {
    try await withScratch { scratch in
      // Descriptors without CLOEXEC, an ignored signal and a blocked one must not get through.
      let stray = open("/dev/null", O_RDONLY)
      defer { close(stray) }
      var spec = scratch.shell("umask; exec sleep 1000")
      // As every server has them.
      spec.writablePaths = [scratch.folder, "/dev/null"]
      let engine = try await scratch.keeper().start(spec, until: .after(.seconds(30)))
      try await eventually("exec") { proc(engine.processID, "comm") == "sleep\n" }
      // What it wrote takes its way through the keeper.
      try await eventually("the log") { scratch.log() == ["0077"] }
      // glibc's posix_spawn itself leaves its two internal signals, 32 and 33, ignored.
      let ignored = status(engine.processID, "SigIgn").flatMap { UInt64($0, radix: 16) }
      #expect(ignored.map { $0 & ~0x1_8000_0000 } == 0)
      #expect(status(engine.processID, "SigBlk").flatMap { UInt64($0, radix: 16) } == 0)
      let folder = "/proc/\(engine.processID)/fd"
      var targets: [String] = []
      // After the exec its loader has libraries open for moments.
      try await eventually("four descriptors") {
        let open = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        targets = open.compactMap {
          try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
        }
        return targets.count == 4
      }
      #expect(targets.first == "/dev/null")
      #expect(targets.last == scratch.files.lockFile)
      #expect(getsid(engine.processID) == engine.processID)
      #expect(getsid(engine.keeperPID) == engine.keeperPID)
    }
  }

  @Test func theKeeperIsSmall() async throws {
    try await withScratch { scratch in
      let engine = try await scratch.start("exec sleep 1000")
      let kilobytes = status(engine.keeperPID, "VmRSS")?.split(separator: " ").first.flatMap { Int($0) }
      #expect(try #require(kilobytes) <= 2048)
    }
  }

  @Test(.enabled(if: getuid() == 0)) func dropsToAnotherUser() async throws {
    try await withScratch { scratch in
      let nobody = try ProcessUser.resolve("nobody")
      let engine = try await scratch.keeper().start(
        scratch.shell("echo heard > /dev/stderr; exec sleep 1000", user: nobody),
        until: .after(.seconds(30)))
      try await eventually("the log") { scratch.log() == ["heard"] }
      let id = "\(nobody.userID)"
      #expect(status(engine.processID, "Uid")?.split(separator: "\t").allSatisfy { $0 == id } == true)
      #expect(
        status(engine.processID, "Gid")?.split(separator: "\t").allSatisfy { $0 == "\(nobody.groupID)" }
          == true)
      #expect(status(engine.processID, "Groups") == "\(nobody.groupID)")
      #expect(status(engine.keeperPID, "Uid")?.hasPrefix("0") == true)
      // The lock of another user's engine is seen as well.
      #expect(try inspect(scratch.files) == .running(engine))
      #expect(try await stop(scratch.files, steps: []) == .signal(SIGKILL))
    }
  }

  @Test func survivesCtrlCOfItsLauncher() async throws {
    try await withScratch { scratch in
      let spec = scratch.shell("exec sleep 1000")
      let bytes = try #require(spec.encoded())
      try Data(bytes).write(to: URL(fileURLWithPath: scratch.path("spec")))
      // The launcher is a group of its own, as a terminal would make it; the signal goes to all of the group.
      let launcher = Process()
      launcher.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
      launcher.arguments = [
        "/bin/sh", "-c", "\"$1\" \"$2\" < \"$3\"; echo $$ > \"$4\"; exec sleep 1000", "sh",
        try scratch.keeper().executable, scratch.files.lockFile, scratch.path("spec"), scratch.path("group"),
      ]
      launcher.standardOutput = FileHandle.nullDevice
      launcher.standardError = FileHandle.nullDevice
      try launcher.run()
      var group: Int32?
      try await eventually("the start") {
        group = Int32(
          ((try? String(contentsOfFile: scratch.path("group"), encoding: .utf8)) ?? "").trimmingCharacters(
            in: .whitespacesAndNewlines))
        return group != nil
      }
      kill(-(try #require(group)), SIGINT)
      try await eventually("the launcher's end") { !launcher.isRunning }
      guard case .running = try inspect(scratch.files) else {
        Issue.record("the engine went with its launcher")
        return
      }
    }
  }
}
