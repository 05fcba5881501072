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

  /// Bug: it was said at each call.
  @Test("Where a volume is, a command of a service hears once, and nothing of it with -q", .mounts)
  func toldOnce() async throws {
    try await Self.withFiles { files in
      let line = "the volume files is at /\(files.token)/deep"
      func run(_ words: String...) async throws -> String {
        let result = try await files.app.start(["run"] + words + ["--", "true"]).result()
        #expect(result.status == 0, "\(result)")
        return result.stderr
      }
      let silent = try await run("-q", "top")
      #expect(silent == "")
      for isNew in [true, false] {
        let said = try await run("top")
        #expect(said.contains(line) == isNew, "\(said)")
      }
      let beside = try await run("there")
      #expect(!beside.contains("the volume"), "its folder is the volume: \(beside)")
      let other = try await run("below")
      #expect(other.contains("/usr/\(files.token)/deep/er"), "\(other)")
    }
  }

  @Test("A created resource that is linked and listed is mounted, one that is only linked is not", .mounts)
  func created() async throws {
    try await withApp("", AppOptions(runtime: "native", isHeavy: false)) { app in
      let path = "/\(app.root.lastPathComponent)"
      try app.write(
        manifest: """
          services:
            listed: { image: web, volumes: ["uploads:\(path)"] }
            other: { image: web }
          """)
      try await app.up()
      for words in [["create", "efs", "-n", "uploads"], ["link", "uploads", "-a", "app"]] {
        let result = try await app.start(["resources"] + words).result()
        try #require(result.status == 0, "\(result)")
      }
      let line = "echo mine > \(path)/file && cat \"$DRYDOCK_VOLUME_UPLOADS\"/file"
      let listed = try await app.drydock("run", "listed", "--", "sh", "-c", line)
      #expect(listed.status == 0 && listed.stdout == "mine\n", "\(listed)")
      let other = try await app.drydock("run", "other", "--", "ls", path)
      #expect(other.status != 0, "\(other)")
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test("Services see each other's bytes at their own paths, and the host sees none of them", .mounts)
  func paths() async throws {
    try await Self.withFiles { files in
      let there = files.app.folder.appending(path: "there").path(percentEncoded: false)
      let paths = ["top": "/\(files.token)/deep", "below": "/usr/\(files.token)/deep/er", "there": there]
      for (service, path) in paths.sorted(by: { $0.key < $1.key }) {
        let written = try await files.run(
          service, "echo from \(service) > '\(path)/\(service)'; grep -F ' \(path) ' /proc/self/mountinfo")
        #expect(written.status == 0 && written.stdout.contains("nosuid,nodev"), "\(written)")
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

  @Test("Everything else is where it was: folders, links, the working folder, what is written there", .mounts)
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

  @Test("A link in the place of the share's path is followed by nothing", .mounts)
  func link() async throws {
    try await Self.withFiles { files in
      let directory = try #require(try await files.app.ps()["files"]?.directory)
      let outside = files.app.root.appending(path: "outside").path(percentEncoded: false)
      try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: false)
      try FileManager.default.removeItem(atPath: directory)
      try FileManager.default.createSymbolicLink(atPath: directory, withDestinationPath: outside)
      let up = try await files.app.drydock("up")
      #expect(up.status == 73 && up.stderr.contains("symbolic link"), "\(up)")
      let run = try await files.run("top", "ls -A /\(files.token)/deep")
      #expect(run.status == 125 && run.stderr.contains(directory), "\(run)")
      try await files.app.refuses("export", "files", saying: "symbolic link")
      try await files.app.refuses("import", "files", input: "x", saying: "symbolic link")
      #expect(try FileManager.default.contentsOfDirectory(atPath: outside).isEmpty)
    }
  }

  @Test("Owner and permissions are the options'", .mounts, .root)
  func owner() async throws {
    try await Self.withFiles { files in
      let result = try await files.run("top", "stat -c '%u:%g %a' /\(files.token)/deep")
      #expect(result.stdout == "1234:2345 750\n", "\(result)")
    }
  }

  @Test("The command is the process that was started: its exit code, its signals, its id", .mounts)
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

  @Test("A link alone or --no-mounts mounts nothing, a volume alone is one of the app's own", .mounts)
  func notMounted() async throws {
    try await Self.withFiles { files in
      let look = "test -e /\(files.token) || echo none"
      #expect(try await files.run("linked", look).stdout == "none\n")
      let own = try await files.run("listed", "touch /\(files.token)/deep/own; ls /\(files.token)/deep")
      #expect(own.stdout == "own\n", "\(own)")
      #expect(
        !FileManager.default.fileExists(
          atPath: "\(try #require(try await files.app.ps()["files"]?.directory))/own"))
      #expect(try await files.run("top", look).stdout.isEmpty)
      let without = try await files.run("top", look + "; echo $DRYDOCK_VOLUME_FILES", "--no-mounts")
      let directory = try #require(try await files.app.ps()["files"]?.directory)
      #expect(without.stdout == "none\n\(directory)\n", "\(without)")
    }
  }

  @Test("Services that run as processes share volumes, which stay until they are removed", .mounts)
  func volumesOfProcesses() async throws {
    try await withApp("", AppOptions(runtime: "native", isHeavy: false)) { app in
      let path = "/\(app.root.lastPathComponent)"
      let occupied = app.folder.path(percentEncoded: false)
      try app.write(
        manifest: """
          services:
            writer: { command: "echo kept > \(path)/a/file; sleep 600", volumes: ["Data Of All:\(path)/a", "\(occupied)"] }
            reader: { command: "cat \(path)/b/file; ls convox.yml; sleep 600", volumes: ["Data Of All:\(path)/b"] }
          """)
      let writer = try await app.drydock("start", "writer", "--detach", "--runtime", "native")
      try #require(writer.status == 0, "\(writer)")
      try await eventually("what it writes") {
        try await app.drydock("run", "reader", "--", "cat", "\(path)/b/file").stdout == "kept\n"
      }
      #expect(try await app.drydock("start", "reader", "--detach").status == 0)
      try await eventually("what it reads") {
        let log = try await app.drydock("logs", "--services").stdout
        return log.contains("kept") && log.contains("convox.yml")
      }
      #expect(try await app.drydock("run", "reader", "--", "cat", "\(path)/b/file").stdout == "kept\n")
      #expect(!FileManager.default.fileExists(atPath: path))
      let list = try await app.drydock("volumes")
      #expect(list.stdout.contains("Data Of All") && list.stdout.contains("writer, reader"), "\(list)")
      #expect(list.stdout.contains("SIZE"), "\(list)")
      let used = try await app.drydock("volumes", "rm", "Data Of All", "--yes")
      #expect(used.status == 1 && used.stderr.contains("drydock stop writer reader"), "\(used)")
      #expect(try await app.drydock("stop").status == 0)
      #expect(try await app.drydock("run", "reader", "--", "cat", "\(path)/b/file").stdout == "kept\n")
      #expect(try await app.drydock("volumes", "rm", "Data Of All", "--yes").status == 0)
      #expect(try await app.drydock("volumes", "--format", "json").stdout == "[]\n")
    }
  }

  /// A program whose path is the image's, as a Dockerfile names it.
  private static let image = "FROM nothing\nCOPY . /TOKEN\nENTRYPOINT [\"/TOKEN/main\"]\n"

  private func treeApp(_ app: AppFixture, _ manifest: String) throws -> String {
    let path = "/\(app.root.lastPathComponent)"
    try app.write(manifest: manifest.replacing("/TOKEN", with: path))
    try app.write(Self.image.replacing("/TOKEN", with: path), to: "Dockerfile")
    try app.write("#!/bin/sh\ncat \(path)/word; pwd; echo new > \(path)/made; exec sleep 600\n", to: "main")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: app.folder.appending(path: "main").path(percentEncoded: false)
    )
    try app.write("a word of the tree\n", to: "word")
    return path
  }

  @Test("A process finds the app's files at the image's path too, where its command names that", .mounts)
  func tree() async throws {
    try await withApp("", AppOptions(runtime: "native", isHeavy: false)) { app in
      let path = try treeApp(
        app, "services:\n  web: { build: . }\n  other: { build: ., command: ls /TOKEN/.. }\n")
      let plan = try await app.drydock("start", "--dry-run", "--services", "process", "web")
      #expect(plan.stdout.contains("its folder is at \(path) too"), "\(plan)")
      let start = try await app.drydock("start", "web", "--detach", "--services", "process")
      try #require(start.status == 0, "\(start)")
      try await eventually("what the program makes there is in the tree") { app.read("made") == "new\n" }
      let folder = app.folder.path(percentEncoded: false)
      // The command runs in the tree itself: what it tells of its files is what tools beside it know.
      try await eventually("its words") {
        let log = try await app.drydock("logs", "web").stdout
        return log.contains("a word of the tree\n") && log.contains("\(folder)\n".replacing("//", with: "/"))
      }
      #expect(
        try await app.drydock("exec", "web", "--", "cat", "\(path)/word").stdout == "a word of the tree\n")
      #expect(
        try await app.drydock("run", "web", "--", "cat", "\(path)/word").stdout == "a word of the tree\n")
      #expect(try await app.drydock("run", "--no-mounts", "web", "--", "cat", "\(path)/word").status == 1)
      #expect(!FileManager.default.fileExists(atPath: path))
      #expect(try await app.drydock("stop").status == 0)
    }
  }

  @Test("A volume below the image's path is seen in the tree there, if that has a folder for it", .mounts)
  func treeWithVolume() async throws {
    try await withApp("", AppOptions(runtime: "native", isHeavy: false)) { app in
      let path = try treeApp(app, "services:\n  web: { build: ., volumes: [/TOKEN/uploads] }\n")
      let uploads = app.folder.appending(path: "uploads")
      try FileManager.default.createDirectory(at: uploads, withIntermediateDirectories: false)
      let start = try await app.drydock("start", "--detach", "--services", "process")
      try #require(start.status == 0, "\(start)")
      let line = "echo kept > \(path)/uploads/file; cat \(path)/word"
      let with = try await app.drydock("exec", "web", "--", "sh", "-c", line)
      #expect(with.stdout == "a word of the tree\n", "\(with)")
      // In the volume, and not in the tree.
      #expect(app.read("uploads/file") == nil)
      #expect(try await app.drydock("run", "web", "--", "cat", "\(path)/uploads/file").stdout == "kept\n")
      #expect(try await app.drydock("stop").status == 0)
      // Nothing is made in the user's tree.
      try FileManager.default.removeItem(at: uploads)
      let without = try await app.drydock("run", "web", "--", "cat", "\(path)/word")
      #expect(without.status == 1 && without.stderr.contains("mkdir "), "\(without)")
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

  /// Tells of an event in a folder, and lets itself be looked into: what a file watcher and a debugger need.
  private static let watcher = """
    import ctypes, os, sys
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init()
    assert libc.inotify_add_watch(watch, sys.argv[1].encode(), 0x100) >= 0, ctypes.get_errno()
    print("watching", flush=True)
    print(os.read(watch, 4096)[16:].rstrip(b"\\0").decode(), flush=True)
    """

  @Test("A file watcher in one service sees what another one makes", .mounts)
  func watching() async throws {
    try await Self.withFiles { files in
      let watcher = try files.app.start([
        "run", "top", "--", "python3", "-c", Self.watcher, "/\(files.token)/deep",
      ])
      try await eventually("the watch") { watcher.stdout.hasPrefix("watching") }
      let made = try await files.run("below", "echo > /usr/\(files.token)/deep/er/seen")
      #expect(made.status == 0, "\(made)")
      let result = try await watcher.result(within: .seconds(20))
      #expect(result.stdout == "watching\nseen\n", "\(result)")
    }
  }

  /// PTRACE_SEIZE, PTRACE_INTERRUPT and PTRACE_DETACH, as debuggers attach.
  private static let debugger = """
    import ctypes, os, sys
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    process = int(sys.argv[1])
    for request in (0x4206, 0x4207):
        assert libc.ptrace(request, process, None, None) == 0, ctypes.get_errno()
    _, status = os.waitpid(process, 0x40000000)
    assert os.WIFSTOPPED(status), status
    with open("/proc/%d/mem" % process, "rb"):
        assert libc.ptrace(17, process, None, None) == 0, ctypes.get_errno()
    print("attached")
    """

  @Test("A debugger attaches to the command, from inside and from outside", .mounts)
  func debugging() async throws {
    try await Self.withFiles { files in
      let command = try files.app.start([
        "run", "top", "--", "sh", "-c", "echo ready; exec tail -f /dev/null",
      ])
      try await eventually("the command") { command.stdout == "ready\n" }
      let script = ["python3", "-c", Self.debugger, "\(command.processID)"]
      let outside = try await files.app.start(script, tool: true).result()
      #expect(outside.stdout == "attached\n", "\(outside)")
      // From inside, a debugger reaches what was started with it; another run is another user namespace.
      let inside = try await files.app.start([
        "run", "top", "--", "sh", "-c", "tail -f /dev/null & python3 -c \"$0\" $!; kill $!", Self.debugger,
      ]).result()
      #expect(inside.stdout == "attached\n", "\(inside)")
      command.send(SIGTERM)
      #expect(try await command.result(within: .seconds(20)).status == 128 + SIGTERM)
    }
  }

  // MARK: Where users may not make namespaces

  /// Becomes a user who may make no user namespace: a filter on `unshare` and `clone`, which root may set without
  /// giving up programs that change their user.
  private static let forbidding = """
    import ctypes, os, platform, struct, sys
    UNSHARE, CLONE = {"x86_64": (272, 56), "aarch64": (97, 220)}[platform.machine()]
    code = [(0x20, 0, 0, 0), (0x15, 1, 0, UNSHARE), (0x15, 0, 3, CLONE),
            (0x20, 0, 0, 16), (0x45, 0, 1, 0x10000000), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7fff0000)]
    text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
    program = Program(len(code), ctypes.addressof(text))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(22, 2, ctypes.byref(program)) == 0, ctypes.get_errno()
    os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
    os.execvp(sys.argv[1], sys.argv[1:])
    """

  private static let bubblewrap = ["/usr/bin/bwrap", "/usr/local/bin/bwrap"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// An app of a user who may make no namespace; `hasBubblewrap` where a bwrap of root's is on his path.
  private static func withoutNamespaces(
    hasBubblewrap: Bool, _ body: @Sendable (MountApp) async throws -> Void
  ) async throws {
    let manifest = """
      resources:
        files: { type: efs }
      services:
        top: { image: web, resources: [files], volumes: ["files:/TOKEN/deep"] }
        below: { image: web, resources: [files], volumes: ["files:/usr/TOKEN/deep/er"] }
        both: { image: web, resources: [files], volumes: ["files:/usr/TOKEN/deep/er", "files:/TOKEN/deep"] }
      """
    try await withApp("", AppOptions(runtime: "native", isHeavy: false)) { root in
      let token = root.root.lastPathComponent
      try root.write(manifest: manifest.replacing("TOKEN", with: token))
      var app = try await root.loweredTo(user: "65534")
      app.prefix = ["python3", "-c", Self.forbidding]
      let tools = root.root.appending(path: "tools").path
      try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: false)
      let bwrap = "\(tools)/bwrap"
      if hasBubblewrap {
        try FileManager.default.copyItem(atPath: try #require(bubblewrap), toPath: bwrap)
        chmod(bwrap, 0o4755)
      } else {
        try "#!/bin/sh\nexit 1\n".write(toFile: bwrap, atomically: true, encoding: .utf8)
        chmod(bwrap, 0o755)
      }
      app.environment["PATH"] = "\(tools):\(app.environment["PATH"] ?? "/usr/bin:/bin")"
      try await app.up()
      try await body(MountApp(app: app, token: token))
    }
  }

  @Test(
    "Where users may make no namespaces, bubblewrap makes them, and signals reach the command", .root,
    .enabled(if: bubblewrap != nil, "bubblewrap is not installed"))
  func bubblewrapStandsIn() async throws {
    try await Self.withoutNamespaces(hasBubblewrap: true) { files in
      let forbidden = try await files.app.start(["unshare", "-Ur", "true"], tool: true).result()
      #expect(forbidden.status != 0, "the test's own ground: \(forbidden)")
      let paths = ["top": "/\(files.token)/deep", "below": "/usr/\(files.token)/deep/er"]
      for (service, path) in paths {
        let written = try await files.run(
          service,
          "id -u; echo from \(service) > \(path)/\(service); grep ' \(path) .*nosuid,nodev' /proc/self/mountinfo >&2 && exit 7"
        )
        #expect(written.status == 7 && written.stdout == "65534\n", "\(written)")
      }
      for (service, path) in paths {
        let read = try await files.run(service, "cd \(path) && cat below top; ls / | grep -c .")
        #expect(read.stdout.hasPrefix("from below\nfrom top\n"), "\(read)")
      }
      let both = try await files.run(
        "both", "cat /\(files.token)/deep/top /usr/\(files.token)/deep/er/below; pwd")
      let folder = files.app.folder.path(percentEncoded: false)
      #expect(
        both.stdout == "from top\nfrom below\n\(folder.hasSuffix("/") ? String(folder.dropLast()) : folder)\n"
      )
      #expect(!files.exists("/\(files.token)") && !files.exists("/usr/\(files.token)"))

      let handler = "trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.1; done"
      let command = try files.app.start(["run", "top", "--", "sh", "-c", handler])
      try await eventually("the command") { command.stdout == "ready\n" }
      command.send(SIGTERM)
      let result = try await command.result(within: .seconds(20))
      #expect(result.status == 3 && result.stdout == "ready\ncaught\n", "\(result)")
    }
  }

  @Test("Without namespaces and without bubblewrap: 125, the folder, and what to do", .root)
  func neither() async throws {
    try await Self.withoutNamespaces(hasBubblewrap: false) { files in
      let result = try await files.run("top", "true")
      let directory = try #require(try await files.app.ps()["files"]?.directory)
      #expect(result.status == 125 && result.stderr.contains(directory), "\(result)")
      #expect(result.stderr.contains("--no-mounts") && result.stderr.contains("bubblewrap"), "\(result)")
      #expect(try await files.run("top", "true", "--no-mounts").status == 0)
    }
  }
}
