import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

/// Exports and imports of what is no database, and consoles.
@Suite struct TransferTests {
  @Test(
    "redis: every type, every byte and the time that is left", arguments: await EngineAvailability.runtimes())
  func redis(_ runtime: String) async throws {
    let manifest = """
      resources:
        cache: { type: redis, options: { version: "7.0" } }
        secure: { type: redis, options: { version: "7.0", encrypted: true } }
      """
    try await withApp(manifest, AppOptions(runtime: runtime)) { app in
      try await app.up()
      let port = try #require(URLComponents(string: try await app.url("cache"))?.port)
      let dump = { try await app.redis("--no-raw", "EVAL", Self.contents, "0", port: port) }
      try await app.redis("EVAL", "redis.call('SET', 'bin', '\\0\\255\\r\\n\"')", "0", port: port)
      try await app.redis("SET", "soon", "x", "EX", "5000", port: port)
      try await app.redis("RPUSH", "list", "1", "zwei", "🚢", port: port)
      try await app.redis("ZADD", "sorted", "1.5", "a", port: port)
      try await app.redis("XADD", "stream", "1-1", "f", "v", port: port)
      try await app.redis("-n", "3", "HSET", "hash", "f", "v", port: port)
      let before = try await dump()
      try await app.require("export", "cache", "-f", "cache.resp.gz")
      try await app.require("export", "cache", "-f", "cache.resp")
      try await app.redis("FLUSHALL", port: port)
      try await app.redis("SET", "other", "stays", port: port)
      // What an import that was killed has staged.
      try await app.redis("-n", "3", "SET", "drydock:import:123:0", "x", port: port)
      try await app.require("export", "cache", "-f", "staged.resp")
      #expect(app.read("staged.resp")?.contains("drydock:import") == false)
      try await damaged(app, port)
      #expect(try await app.redis("-n", "3", "KEYS", "*", port: port) == "")
      try await app.require("import", "cache", "-f", "cache.resp.gz")
      #expect(try await app.redis("GET", "other", port: port) == "stays")
      try await app.redis("DEL", "other", port: port)
      #expect(try await dump() == before)
      #expect(try await app.redis("-n", "3", "HGET", "hash", "f", port: port) == "v")
      // More keys than a page, and a value that is larger than what lies in memory together.
      let many = "for i = 1, 5000 do redis.call('SET', 'k' .. i, i, 'PX', 9000000 + i) end "
      try await app.redis("EVAL", many + "redis.call('SET', 'big', string.rep('x', 9e6))", "0", port: port)
      try await app.require("export", "cache", "-f", "many.resp")
      try await app.redis("EVAL", "redis.call('FLUSHALL') redis.call('SET', 'k9', 'old')", "0", port: port)
      try await app.require("import", "cache", "-f", "many.resp")
      #expect(try await app.redis("DBSIZE", port: port) == "5006")
      #expect(try await app.redis("MGET", "k1", "k9", "k5000", port: port) == "1\n9\n5000")
      #expect(try await app.redis("STRLEN", "big", port: port) == "9000000")
      let ends = try #require(Int(try await app.redis("PTTL", "k1", port: port)))
      #expect((1...9_000_001).contains(ends))
      try await app.redis("FLUSHALL", port: port)
      try await app.require("import", "cache", "-f", "cache.resp")
      let left = try #require(Int(try await app.redis("TTL", "soon", port: port)))
      #expect((1...5000).contains(left))

      try await app.require("import", "secure", "-f", "cache.resp")
      #expect(try await app.require("console", "secure", "--", "GET", "soon").stdout == "x\n")
      try await replaced(app, port)
      #expect(try await dump() == before)
    }
  }

  private func replaced(_ app: AppFixture, _ port: Int) async throws {
    try await app.redis("SET", "other", "goes", port: port)
    try await app.redis("-n", "5", "SET", "far", "goes", port: port)
    try await app.require("import", "cache", "--replace", "--yes", "-f", "cache.resp")
    #expect(try await app.redis("EXISTS", "other", port: port) == "0")
    #expect(try await app.redis("-n", "5", "DBSIZE", port: port) == "0")
  }

  /// Everything in database 0 as text, but for what the clock changes.
  private static let contents = """
    local all = redis.call('KEYS', '*') table.sort(all) local out = {}
    for _, k in ipairs(all) do out[#out + 1] = k .. ' ' .. redis.sha1hex(redis.call('DUMP', k)) end return out
    """

  private func damaged(_ app: AppFixture, _ port: Int) async throws {
    var bytes = [UInt8](try Data(contentsOf: app.folder.appending(path: "cache.resp")))
    try app.cut("cache.resp", to: "cut.resp", keeping: 0.9)
    try await app.refuses("import", "cache", "-f", "cut.resp", saying: "cut short", "nothing was changed")
    let last = try #require(bytes.indices.last { bytes[$0...].starts(with: Array("\r\n$7\r\nREPLACE".utf8)) })
    bytes[last - 1] ^= 1
    try Data(bytes).write(to: app.folder.appending(path: "damaged.resp"))
    try await app.refuses("import", "cache", "-f", "damaged.resp", saying: "refuses command")
    try app.write("REDIS0011", to: "dump.rdb")
    try await app.refuses("import", "cache", "-f", "dump.rdb", saying: "RDB", "MIGRATE 127.0.0.1 \(port)")
    try app.write("*1\r\n$8\r\nFLUSHALL\r\n", to: "evil.resp")
    try await app.refuses("import", "cache", "-f", "evil.resp", saying: "FLUSHALL")
    // Neither a key of the export nor one on its way is there.
    #expect(try await app.redis("KEYS", "*", port: port) == "other")
  }

  @Test("efs: no tool is taken from the share, whatever the path says")
  func toolsOfTheShare() async throws {
    try await withApp(MistakeTests.manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      try await app.up()
      let folder = URL(filePath: try #require(try await app.ps()["files"]?.directory))
      for name in ["tar", "gzip"] {
        let tool = folder.appending(path: name)
        try Data("#!/bin/sh\ntouch \(app.root.path)/ran\n".utf8).write(to: tool)
        chmod(tool.path, 0o755)
      }
      let path = ".::\(app.environment["PATH"] ?? "/usr/bin:/bin")"
      let export = try await app.drydock(
        "resources", "export", "files", "-f", "files.tar", environment: ["PATH": path])
      #expect(export.status == 0, "\(export)")
      let load = try await app.drydock(
        "resources", "import", "files", "-f", "files.tar", environment: ["PATH": path])
      #expect(load.status == 0, "\(load)")
      #expect(!FileManager.default.fileExists(atPath: "\(app.root.path)/ran"))
    }
  }

  @Test("efs: a tar of the directory, and nothing of one that leads elsewhere")
  func efs() async throws {
    let manifest = """
      resources:
        files: { type: efs }
        mem: { type: memcached, options: { version: "1.6" } }
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      try await app.up("files")
      let folder = URL(filePath: try #require(try await app.ps()["files"]?.directory))
      try FileManager.default.createDirectory(
        at: folder.appending(path: "d"), withIntermediateDirectories: true)
      try Data("hello".utf8).write(to: folder.appending(path: "d/ü x"))
      try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "d/ü x")
      try await app.require("export", "files", "-f", "files.tar.gz")
      try FileManager.default.removeItem(at: folder.appending(path: "d"))
      try Data("mine".utf8).write(to: folder.appending(path: "mine"))
      try await app.require("import", "files", "-f", "files.tar.gz")
      #expect(try Data(contentsOf: folder.appending(path: "link")) == Data("hello".utf8))
      #expect(try Data(contentsOf: folder.appending(path: "mine")) == Data("mine".utf8))

      try FileManager.default.removeItem(at: folder.appending(path: "d"))
      try await setIDBits(app, folder)
      try app.write("x", to: "x")
      for names in ["../x", "/../x"] {
        _ = try await app.program("tar", "-P", "-cf", "evil.tar", "--transform", "s,^x$,\(names),", "x")
        try await app.refuses("import", "files", "-f", "evil.tar", saying: "nothing was changed")
      }
      try app.cut("files.tar.gz", to: "cut.tar.gz", keeping: 0.7)
      try await app.refuses("import", "files", "-f", "cut.tar.gz", saying: "breaks off")
      try await app.refuses("import", "files", input: "no tar at all", saying: "nothing was changed")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(names == ["link", "mine"])
      #expect(
        try !FileManager.default.contentsOfDirectory(atPath: folder.deletingLastPathComponent().path)
          .contains { $0.hasPrefix("import-") })
      for verb in ["export", "import"] {
        try await app.refuses(
          verb, "mem", input: "x", saying: "ERROR: \(verb) not available for resources of type: memcached")
      }
      try await app.refuses("console", "mem", saying: "not running", "drydock up mem")
    }
  }

  /// A stranger's archive makes nobody another user; owners and set-group-id directories come back as they were.
  private func setIDBits(_ app: AppFixture, _ folder: URL) async throws {
    let group = folder.appending(path: "g")
    try FileManager.default.createDirectory(at: group, withIntermediateDirectories: false)
    try Data("#!/bin/sh".utf8).write(to: group.appending(path: "sh"))
    #expect(chmod(group.path, 0o2775) == 0 && chmod(group.appending(path: "sh").path, 0o6755) == 0)
    if getuid() == 0 { #expect(chown(group.path, 1234, 2345) == 0 && chmod(group.path, 0o2775) == 0) }
    try await app.require("export", "files", "-f", "bits.tar")
    try FileManager.default.removeItem(at: group)
    let result = try await app.require("import", "files", "-f", "bits.tar")
    #expect(result.stderr.contains("set-id bits"), "\(result)")
    var status = stat()
    #expect(stat(group.appending(path: "sh").path, &status) == 0 && status.st_mode & 0o7777 == 0o755)
    #expect(stat(group.path, &status) == 0 && status.st_mode & 0o7777 == 0o2775)
    if getuid() == 0 { #expect(status.st_uid == 1234 && status.st_gid == 2345) }
    try FileManager.default.removeItem(at: group)
    #expect(mkfifo(app.folder.appending(path: "pipe").path, 0o600) == 0)
    _ = try await app.program("tar", "-cf", "pipe.tar", "pipe")
    try await app.refuses("import", "files", "-f", "pipe.tar", saying: "is a device, a pipe or a socket")
  }

  @Test("A server elsewhere has neither console nor export nor import, and its password is not shown")
  func elsewhere() async throws {
    let manifest = "resources:\n  far: { type: postgres }\n  away: { type: redis }\n"
    try await withApp(manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      let urls = ["FAR_URL=postgres://me:pw@db.example:5432/x", "AWAY_URL=rediss://:pw@cache.example:1/0"]
      let set = try await app.start(["env", "set"] + urls).result()
      #expect(set.status == 0, "\(set)")
      for up in [false, true] {
        if up { try await app.up() }
        for verb in ["console", "export", "import"] {
          for name in ["far", "away"] {
            let result = try await app.resources(verb, name, input: "SELECT 1")
            #expect(result.status == 1 && result.stdout.isEmpty, "\(result)")
            #expect(
              result.stderr.contains("ERROR: \(verb) not available for \(name): it is a server elsewhere"),
              "\(result)")
            #expect(result.stderr.contains("use that server's own tools"), "\(result)")
            #expect(!result.stderr.contains("pw"), "\(result)")
          }
        }
      }
    }
  }

  @Test("Consoles read from a pipe and pass the exit code on", arguments: await EngineAvailability.runtimes())
  func pipes(_ runtime: String) async throws {
    try await withApp(Manifests.full, AppOptions(runtime: runtime)) { app in
      try await app.up()
      for name in ["orders", "legacy"] {
        #expect(try await app.require("console", name, input: "SELECT 6 * 7 AS n;\n").stdout == "n\n42\n")
        #expect(try await app.resources("console", name, input: "nonsense;\n").status == 1)
      }
      #expect(
        try await app.require("console", "mydb", "--", "-At", input: "SELECT 6 * 7;\n").stdout == "42\n")
      #expect(try await app.resources("console", "mydb", "--", "-c", "nonsense").status == 1)
      #expect(
        try await app.resources("console", "mydb", "--", "-v", "ON_ERROR_STOP=1", input: "nonsense;\n").status
          == 3)
      #expect(try await app.require("console", "cache", input: "PING\n").stdout == "PONG\n")
      let stored = try await app.require("console", "mem", input: "set k 0 0 2\nhi\nget k\n").stdout
      #expect(stored == "STORED\r\nVALUE k 0 2\r\nhi\r\nEND\r\n")
      #expect(try await app.resources("console", "mem", input: "nonsense").status == 1)
      try await app.refuses("console", "files", saying: "console not available for resources of type: efs")
      try await terminal(app)
    }
  }

  /// Python's own pseudo-terminal stands for a person's.
  private func terminal(_ app: AppFixture) async throws {
    try app.write(
      """
      import fcntl, os, pty, select, struct, sys, termios
      pid, end = pty.fork()
      if pid == 0:
          os.environ['TERM'] = 'xterm'
          fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 33, 111, 0, 0))
          os.execvp(sys.argv[1], sys.argv[1:3] + ['console'] + [sys.argv[3]])
      seen = b''
      def until(text):
          global seen
          while text.encode() not in seen:
              assert select.select([end], [], [], 60)[0], (text, seen)
              seen += os.read(end, 4096)
          seen = seen[seen.index(text.encode()) + len(text):]
      for step in sys.argv[4:]:
          text, key = step.rsplit('=>', 1)
          until(text)
          os.write(end, key.encode().decode('unicode_escape').encode())
      try:
          while os.read(end, 4096): pass
      except OSError: pass
      print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
      """, to: "terminal.py")
    let drydock = try BuiltProducts.executable("drydock")
    for steps in [
      ["mydb", "=> =>\\\\! stty size\\r", "33 111=>\\\\q\\r"],
      ["mem", "mem> =>version\\r", "VERSION=>\\x1b[A\\r", "VERSION=>\\x04"],
    ] {
      let result = try await app.start(
        ["/usr/bin/python3", "terminal.py", drydock, "resources"] + steps, tool: true
      ).result()
      #expect(result.stdout == "0\n", "\(steps): \(result)")
    }
  }
}
