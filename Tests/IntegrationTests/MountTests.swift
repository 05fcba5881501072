import DrydockTestSupport
import Foundation
import Testing

/// Shared directories under `drydock run`: real paths, for the command only.
@Suite struct MountTests {
  /// An app with an efs resource and a name of its own for paths.
  private struct MountApp {
    let app: AppFixture
    let token: String

    /// Runs a line of shell as a service.
    func run(_ service: String, _ line: String, _ options: String...) async throws -> CommandResult {
      try await app.start(["run"] + options + [service, "--", "sh", "-c", line]).result()
    }

    /// Whether the host knows a path.
    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
  }

  private static func withFiles(_ body: @Sendable (MountApp) async throws -> Void) async throws {
    try await withApp("", AppOptions(runtime: "native", isHeavy: false)) { app in
      let token = String(app.root.lastPathComponent)
      let folder = app.folder.path(percentEncoded: false)
      // Top-level and missing; missing below a folder that exists; a folder that exists.
      try app.write(
        manifest: """
          resources:
            files: { type: efs, options: { path: /shared, owner-uid: 1234, owner-gid: 2345, permissions: "0750" } }
          services:
            top: { image: web, resources: [files], volumes: ["files:/\(token)/deep"] }
            below: { image: web, resources: [files], volumes: ["files:/usr/\(token)/deep/er"] }
            there: { image: web, resources: [files], volumes: ["files:\(folder)/there"] }
            linked: { image: web, resources: [files] }
            listed: { image: web, volumes: ["files:/\(token)/deep"] }
          """)
      try FileManager.default.createDirectory(
        at: app.folder.appending(path: "there"), withIntermediateDirectories: false)
      try app.write("the host's own", to: "there/own")
      try await app.up()
      try await body(MountApp(app: app, token: token))
    }
  }

  /// Skips a test where nobody may make a mount namespace, not even root: in a container without privileges.
  private static let mounts: ConditionTrait = .enabled("mount namespaces cannot be made here") {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["unshare"] + (getuid() == 0 ? ["-m"] : ["-Urm"]) + ["true"]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  @Test("Services see each other's bytes at their own paths, and the host sees none of them", mounts)
  func paths() async throws {
    try await Self.withFiles { files in
      let there = files.app.folder.appending(path: "there").path(percentEncoded: false)
      let paths = ["top": "/\(files.token)/deep", "below": "/usr/\(files.token)/deep/er", "there": there]
      for (service, path) in paths.sorted(by: { $0.key < $1.key }) {
        let written = try await files.run(service, "echo from \(service) > '\(path)/\(service)'")
        #expect(written.status == 0, "\(written)")
      }
      for (service, path) in paths {
        let read = try await files.run(service, "cd '\(path)' && cat below there top && ls")
        #expect(read.stdout == "from below\nfrom there\nfrom top\nbelow\nthere\ntop\n", "\(service): \(read)")
      }
      #expect(!files.exists("/\(files.token)") && !files.exists("/usr/\(files.token)"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: there) == ["own"])
      let directory = try #require(try await files.app.ps()["files"]?.directory)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["below", "there", "top"])
    }
  }

  @Test("Everything else is where it was: folders, links, the working folder, what is written there", mounts)
  func rest() async throws {
    try await Self.withFiles { files in
      let look =
        "pwd; ls -ld /bin /etc/passwd /usr/bin/env | cut -c1-10; ls /usr | wc -l; echo here > made; id -u"
      let plain = try await files.run("linked", look)
      try FileManager.default.removeItem(at: files.app.folder.appending(path: "made"))
      let mounted = try await files.run("top", look)
      #expect(plain.status == 0 && mounted.stdout == plain.stdout, "\(plain)\n\(mounted)")
      #expect(files.app.read("made") == "here\n")
    }
  }

  @Test("Owner and permissions are the options'", mounts, .root)
  func owner() async throws {
    try await Self.withFiles { files in
      let result = try await files.run("top", "stat -c '%u:%g %a' /\(files.token)/deep")
      #expect(result.stdout == "1234:2345 750\n", "\(result)")
    }
  }

  @Test("The command is the process that was started: its exit code, its signals, its id", mounts)
  func process() async throws {
    try await Self.withFiles { files in
      #expect(try await files.run("top", "exit 7").status == 7)
      let missing = try await files.app.drydock("run", "top", "--", "no-such-program")
      #expect(missing.status == 127 && missing.stderr.contains("no-such-program"), "\(missing)")
      #expect(try await files.app.drydock("run", "top", "--", "/etc/passwd").status == 126)
      for service in ["top", "linked"] {
        let line = "echo $$; exec tail -f /dev/null"
        let command = try files.app.start(["run", service, "--", "sh", "-c", line])
        try await eventually("the command's id") { command.stdout.hasSuffix("\n") }
        #expect(command.stdout == "\(command.processID)\n")
        let status = try String(contentsOfFile: "/proc/\(command.processID)/status", encoding: .utf8)
        #expect(status.contains("SigBlk:\t0000000000000000"), "\(status)")
        command.send(SIGTERM)
        #expect(try await command.result(within: .seconds(20)).status == 128 + SIGTERM)
      }
    }
  }

  @Test("A link alone, a volume alone or --no-mounts mounts nothing", mounts)
  func notMounted() async throws {
    try await Self.withFiles { files in
      let look = "test -e /\(files.token) || echo none"
      #expect(try await files.run("linked", look).stdout == "none\n")
      #expect(try await files.run("listed", look).stdout == "none\n")
      #expect(try await files.run("top", look).stdout.isEmpty)
      let without = try await files.run("top", look + "; echo $DRYDOCK_VOLUME_FILES", "--no-mounts")
      let directory = try #require(try await files.app.ps()["files"]?.directory)
      #expect(without.stdout == "none\n\(directory)\n", "\(without)")
    }
  }

  @Test("An ordinary user has mounts too, or an error that names the folder to use", .root)
  func ordinaryUser() async throws {
    let manifest = """
      resources:
        files: { type: efs }
      services:
        web: { image: web, resources: [files], volumes: ["files:/TOKEN/deep"] }
      """
    try await withApp("", AppOptions(runtime: "native", isHeavy: false)) { root in
      let token = root.root.lastPathComponent
      try root.write(manifest: manifest.replacing("TOKEN", with: token))
      let app = try await root.loweredTo(user: "65534")
      try await app.up()
      let directory = try #require(try await app.ps()["files"]?.directory)
      let line = "id -u; echo bytes > /\(token)/deep/file"
      let result = try await app.drydock("run", "web", "--", "sh", "-c", line)
      let able = try await app.start(["unshare", "-Urm", "true"], tool: true).result()
      if able.status == 0 {
        #expect(result.status == 0 && result.stdout == "65534\n", "\(result)")
        #expect(try String(contentsOfFile: directory + "/file", encoding: .utf8) == "bytes\n")
      } else {
        #expect(result.status == 125 && result.stderr.contains(directory), "\(result)")
        #expect(result.stderr.contains("--no-mounts"), "\(result)")
      }
      #expect(!FileManager.default.fileExists(atPath: "/\(token)"))
    }
  }
}
