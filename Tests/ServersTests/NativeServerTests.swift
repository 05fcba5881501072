import AppStateTestSupport
import DrydockTestSupport
import Engines
import Foundation
import MonotonicTime
import NativeProcess
import ServersTestSupport
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Planning
@testable import Servers

@Suite struct NativeServerTests {
  /// `/proc` stands in for a file system without sockets, which is hard to come by.
  @Test func aFolderWithoutSocketsIsRefused() async throws {
    try await TestHome.with { test in
      try Folder.refuseWithoutSockets(test.path)
      #expect(try FileManager.default.contentsOfDirectory(atPath: test.path).isEmpty)
      #if os(Linux)
        let error = #expect(throws: DrydockError.self) { try Folder.refuseWithoutSockets("/proc/self") }
        #expect(error?.code == .cannotWrite && error?.message.contains("/proc/self") == true)
        #expect(error?.suggestion?.contains("DRYDOCK_HOME") == true)
      #endif
    }
  }

  /// By that variable the next command finds and ends what a killed one left at work.
  @Test func whatMakesADataDirectoryCarriesItsName() async throws {
    try await TestHome.with { test in
      let tool = "\(test.path)/initdb"
      // Where the engine's user may write.
      try test.write("#!/bin/sh\nenv > scratch/environment\nexit 1\n", to: "initdb")
      chmod(tool, 0o755)
      let installation = NativeInstallation(
        server: "/nonexistent", tools: ["initdb": tool],
        version: try #require(ServerVersion(in: "15.1")), banner: "")
      let spec = try #require(try specs("resources:\n  mydb:\n    type: postgres\n").first)
      let launch = Launch(
        spec: spec, engine: try #require(spec.engine.server),
        request: ServerRequest(marker: "m", port: 15001, password: "a", administratorPassword: "b"),
        source: ServerSource(.installation(installation), version: installation.version),
        hasVerifiedData: false)
      let layout = NativeLayout(folder: "\(test.path)/mydb", sockets: "\(test.path)/mydb/sockets")
      let server = try NativeServer(
        layout: layout, launch: launch, installation: installation,
        keeper: Keeper(executable: BuiltProducts.executable("drydock-keeper")),
        environment: ["PATH": "/usr/bin:/bin"], cache: "\(test.path)/cache")
      await #expect(throws: (any Error).self) {
        try await server.start(progress: { _ in }, until: .after(.seconds(30)))
      }
      let environment = try #require(test.text("mydb/scratch/environment"))
      #expect(environment.contains("\(NativeLayout.asideVariable)=\(layout.folder)/data.new-"))
    }
  }

  /// Bug: MariaDB, which is installed as mysqld too, had its data made for mysql and again for mariadb.
  @Test func aServerHasOneTemplateByAllOfItsNames() async throws {
    try await TestHome.with { test in
      try test.write("#!/bin/sh\n", to: "mariadbd")
      chmod("\(test.path)/mariadbd", 0o755)
      try FileManager.default.createSymbolicLink(
        atPath: "\(test.path)/mysqld", withDestinationPath: "mariadbd")
      let tools = EngineTools(
        user: nil, keeper: Keeper(executable: "/nonexistent"), environment: ["PATH": "/usr/bin:/bin"])
      let folders = try [("mariadb", "mariadbd"), ("mysql", "mysqld")].map { type, name in
        let installation = NativeInstallation(
          server: "\(test.path)/\(name)", tools: [:], version: try #require(ServerVersion(in: "10.11.19")),
          banner: "mysqld  Ver 10.11.19-MariaDB")
        let spec = try #require(try specs("resources:\n  mydb:\n    type: \(type)\n").first)
        let launch = Launch(
          spec: spec, engine: try #require(spec.engine.server),
          request: ServerRequest(marker: "m", port: 15001, password: "a", administratorPassword: "b"),
          source: ServerSource(.installation(installation), version: installation.version),
          hasVerifiedData: false)
        let server = NativeServer(
          layout: NativeLayout(folder: "\(test.path)/\(type)", sockets: "\(test.path)/\(type)/sockets"),
          launch: launch, installation: installation, keeper: Keeper(executable: "/nonexistent"),
          environment: ["PATH": "/usr/bin:/bin"], cache: "\(test.path)/cache")
        return try #require(server.template(tools)).folder
      }
      #expect(folders[0] == folders[1])
    }
  }

  /// Bug: an engine's administrator could name drydock's own record of it as a log file.
  @Test(.enabled(if: Landlock.isAvailable, "the kernel has no Landlock, or none that permits renaming"))
  func anEngineWritesInItsOwnFoldersAlone() async throws {
    try await TestHome.with { test in
      let shared = "/dev/shm/drydock-\(UUID().uuidString)"
      try test.write(
        """
        #!/bin/sh
        for f in process/engine.status process/planted planted data/a scratch/a sockets/a \(shared); do
          (: >>$f) 2>/dev/null && echo "$f"
        done
        rm -f \(shared)
        echo done
        exec sleep 600

        """, to: "server")
      chmod("\(test.path)/server", 0o755)
      let installation = NativeInstallation(
        server: "\(test.path)/server", tools: [:], version: try #require(ServerVersion(in: "1.0")), banner: ""
      )
      let spec = fake("it")
      let launch = Launch(
        spec: spec, engine: try #require(spec.engine.server),
        request: ServerRequest(marker: "m", port: 15001, password: "a", administratorPassword: "b"),
        source: ServerSource(.installation(installation), version: installation.version),
        hasVerifiedData: false)
      let layout = NativeLayout(folder: "\(test.path)/it", sockets: "\(test.path)/it/sockets")
      let server = try NativeServer(
        layout: layout, launch: launch, installation: installation,
        keeper: Keeper(executable: BuiltProducts.executable("drydock-keeper")),
        environment: ["PATH": "/usr/bin:/bin"], cache: "\(test.path)/cache")
      try await server.start(progress: { _ in }, until: .after(.seconds(30)))
      let deadline = Deadline.after(.seconds(30))
      var pause = Backoff()
      func written() -> [String] { tail(logFile: layout.files.logFile, lines: 100) }
      while written().last != "done" {
        do {
          try await pause.sleep(until: deadline, "the server's word")
        } catch {
          Issue.record("it said \(written())")
          break
        }
      }
      #expect(written() == ["data/a", "scratch/a", "sockets/a", "done"])
      _ = try await stop(layout.files, steps: [])
    }
  }
}
