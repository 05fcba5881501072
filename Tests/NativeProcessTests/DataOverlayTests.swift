import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

@testable import NativeProcess

#if canImport(Glibc)
  import Glibc
#endif

#if os(Linux)
  @Suite("Data over a frozen directory", .enabled(if: Overlays.areAllowed))
  struct DataOverlayTests {
    /// A frozen folder with a file in it, and empty ones to lay over it.
    private struct Template {
      let scratch: Scratch
      let keeper: Keeper
      var frozen: String { scratch.path("frozen") }

      init(_ scratch: Scratch) throws {
        self.scratch = scratch
        keeper = try scratch.keeper()
        for name in ["frozen", "frozen/inner"] { mkdir(scratch.path(name), 0o700) }
        try Data("frozen".utf8).write(to: URL(filePath: frozen + "/inner/file"))
        try Data("frozen".utf8).write(to: URL(filePath: frozen + "/file"))
      }

      func measure() async throws -> String {
        try await DataOverlay.measure(frozen, by: keeper, until: .after(.seconds(30)))
      }

      /// Lays the server of that name over it.
      func lay(_ name: String, measuring measure: String, leash: Leash? = nil) async throws -> DataOverlay {
        for folder in [name, "\(name)/data"] { mkdir(scratch.path(folder), 0o700) }
        return try await DataOverlay.lay(
          over: frozen, measuring: measure, at: scratch.path("\(name)/data"), owner: nil,
          files: SupervisedFiles(folder: scratch.path(name)), leash: leash ?? Leash.toThisProcess(),
          by: keeper,
          until: .after(.seconds(30)))
      }

      /// Runs a script where the data of that name lies.
      func run(_ script: String, _ name: String, in overlay: DataOverlay?) async throws -> String {
        let tool = Tool(
          executable: "/bin/sh", arguments: ["-c", "cd data && \(script)"],
          environment: cleanEnvironment(inherited: [:]), workingDirectory: scratch.path(name))
        return try await tool.run(as: nil, by: keeper, in: overlay).run(until: .after(.seconds(30))).text
      }
    }

    @Test("Each sees its own changes, nobody else sees any, and nothing is left when they end")
    func isolation() async throws {
      try await withScratch { scratch in
        let template = try Template(scratch)
        let measure = try await template.measure()
        let (one, two) = (
          try await template.lay("one", measuring: measure), try await template.lay("two", measuring: measure)
        )
        let change = "echo changed > inner/file; rm file; echo new > added"
        _ = try await template.run(change, "one", in: one)
        #expect(try await template.run("cat inner/file; ls", "one", in: one) == "changed\nadded\ninner\n")
        #expect(try await template.run("cat inner/file; ls", "two", in: two) == "frozenfile\ninner\n")
        #expect(try await template.run("ls", "one", in: nil).isEmpty)
        #expect(try await template.measure() == measure)
        #expect(DataOverlay(of: SupervisedFiles(folder: scratch.path("one"))) == one)
        for overlay in [one, two] { try await overlay.end(until: .after(.seconds(30))) }
        #expect(DataOverlay(of: SupervisedFiles(folder: scratch.path("one"))) == nil)
        #expect(Overlays.mounts(in: scratch.folder).isEmpty)
      }
    }

    @Test("A frozen directory that was changed is refused, and one that somebody removes is left alone")
    func changed() async throws {
      try await withScratch { scratch in
        let template = try Template(scratch)
        let measure = try await template.measure()
        let hold = open(scratch.path("in-use"), O_RDONLY | O_CREAT, 0o600)
        #expect(flock(hold, LOCK_EX) == 0)
        await #expect(throws: DataOverlay.Refusal.busy) { try await template.lay("one", measuring: measure) }
        close(hold)
        let overlay = try await template.lay("two", measuring: measure)
        let other = open(scratch.path("in-use"), O_RDONLY)
        #expect(flock(other, LOCK_EX | LOCK_NB) != 0)
        try await overlay.end(until: .after(.seconds(30)))
        #expect(flock(other, LOCK_EX | LOCK_NB) == 0)
        close(other)
        // As long as before, and said to be as old.
        try Data("FROZEN".utf8).write(to: URL(filePath: template.frozen + "/inner/file"))
        var old = [timespec(), timespec()]
        #expect(utimensat(AT_FDCWD, template.frozen + "/inner/file", &old, 0) == 0)
        await #expect(throws: DataOverlay.Refusal.changed) {
          try await template.lay("three", measuring: measure)
        }
      }
    }

    @Test("An engine's data is freed once the engine and what it must not outlive have ended")
    func engine() async throws {
      try await withScratch { scratch in
        let template = try Template(scratch)
        let holder = Process()
        holder.executableURL = URL(filePath: "/bin/sleep")
        holder.arguments = ["1000"]
        try holder.run()
        let leash = try #require(Leash(to: holder.processIdentifier))
        let overlay = try await template.lay("one", measuring: try await template.measure(), leash: leash)
        var spec = scratch.shell("cd \"$HOME/one/data\" && echo ready >> file && exec sleep 1000")
        spec.environment["HOME"] = scratch.folder
        (spec.leash, spec.overlay) = (leash, overlay)
        _ = try await template.keeper.start(spec, until: .after(.seconds(30)))
        try await eventually("the file") {
          (try? await template.run("cat file", "one", in: overlay)) == "frozenready\n"
        }
        #expect(!Overlays.mounts(in: scratch.folder).isEmpty)
        kill(holder.processIdentifier, SIGKILL)
        holder.waitUntilExit()
        try await eventually("the end of the mounts") { Overlays.mounts(in: scratch.folder).isEmpty }
      }
    }

    @Test("It can be tried without a template")
    func attempt() async throws {
      try await withScratch { scratch in
        try await DataOverlay.attempt(
          in: scratch.folder, owner: nil, by: scratch.keeper(), until: .after(.seconds(30)))
        #expect(Overlays.mounts(in: scratch.folder).isEmpty)
      }
    }
  }

  @Suite("Data over a frozen directory that the system refuses")
  struct RefusedOverlayTests {
    /// A process that is kept from writing elsewhere may mount nothing either.
    @Test(.enabled(if: Landlock.isAvailable)) func isTold() async throws {
      try await withScratch { scratch in
        let keeper = try scratch.keeper()
        for name in ["frozen", "data"] { mkdir(scratch.path(name), 0o700) }
        try Data().write(to: URL(filePath: scratch.path("frozen/file")))
        let measure = try await DataOverlay.measure(
          scratch.path("frozen"), by: keeper, until: .after(.seconds(30)))
        let leash = try Leash.toThisProcess()
        let words = [
          keeper.executable, "--overlay", "\(leash.process.pid)", "\(leash.process.start)",
          scratch.path("overlay.lock"), scratch.path("frozen"), measure, scratch.path("data"), "\(geteuid())",
          "\(getegid())",
        ]
        let tool = Tool(
          executable: "/usr/bin/env", arguments: Landlock.confined(words),
          environment: cleanEnvironment(inherited: [:]))
        let error = await #expect(throws: NativeProcessError.self) {
          try await tool.run(until: .after(.seconds(30)))
        }
        #expect(error?.code == .commandFailed(.code(69)))
        #expect(error?.message.contains("cannot") == true, "\(String(describing: error))")
      }
    }
  }
#endif
