import DrydockBase
import DrydockTestSupport
import Foundation
import Testing

/// Machines, users, folders and environments that are not as one would like them.
@Suite struct SurroundingsTests {
  @Test(
    "Spaces and letters beyond ASCII in every name and path", arguments: await EngineAvailability.runtimes())
  func unusualNames(_ runtime: String) async throws {
    let manifest = """
      resources:
        my_db-2: { type: postgres, options: { version: "15" } }
        cache_2: { type: redis, options: { version: "7.0" } }
        share: { type: efs, options: { path: "/ein Ordner" } }
      services:
        web: { image: web, resources: [my_db-2, share] }
      """
    let options = AppOptions(runtime: runtime, name: "Mein Laden ü – 店", home: "dry dock ö")
    try await withApp(manifest, options) { app in
      try await app.up()
      let variables = try await app.variables("web")
      let url = try #require(variables["MY_DB_2_URL"])
      #expect(try await app.query("SELECT 'é'", at: url) == "é")
      let rows = try await app.ps()
      #expect(rows["cache_2"]?.status == "running", "\(rows)")
      let directory = try #require(rows["share"]?.directory)
      #expect(directory.hasSuffix("/ein Ordner") && FileManager.default.fileExists(atPath: directory))
      let told = try await app.drydock("run", "web", "--", "sh", "-c", "cd \"$DRYDOCK_VOLUME_SHARE\" && pwd")
      #expect(told.stdout == directory + "\n", "\(told)")
    }
  }

  /// Bug: what is believed of engines, and archives of data directories, were everybody's to write.
  @Test("With a umask of 000 nothing in the home and the cache is anybody else's to write", .nativeEngines)
  func noUmask() async throws {
    let manifest = """
      resources:
        mydb: { type: postgres, options: { version: "15" } }
        other: { type: postgres, options: { version: "15" } }
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      let drydock = try BuiltProducts.executable("drydock")
      let up = try await app.start(
        ["sh", "-c", "umask 000; exec \"$@\"", "sh", drydock, "up"], tool: true
      ).result()
      #expect(up.status == 0, "\(up)")
      var names: Set<String> = []
      let files = [app.home, app.root.appending(path: "cache")].flatMap { folder in
        FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?
          .compactMap { $0 as? URL } ?? []
      }
      for file in files {
        var info = stat()
        guard lstat(file.path(percentEncoded: false), &info) == 0 else { continue }
        names.insert(file.lastPathComponent)
        if [S_IFREG, S_IFDIR].contains(info.st_mode & S_IFMT) {
          #expect(info.st_mode & 0o022 == 0, "\(file.path): \(String(info.st_mode, radix: 8))")
        }
      }
      #expect(names.isSuperset(of: ["server-banners.json", "data.tar", "sealed"]))
    }
  }

  /// A server that the caller's limit of file sizes ends says so, in words.
  @Test("A limit of file sizes (ulimit -f) is named", .nativeEngines)
  func fileSizeLimit() async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "native")) { app in
      let drydock = try BuiltProducts.executable("drydock")
      let up = try await app.start(
        ["sh", "-c", "ulimit -f 40; exec \"$@\"", "sh", drydock, "up"], tool: true
      ).result()
      #expect(up.status != 0 && up.stderr.contains("ulimit -f"), "\(up)")
      try await app.up()
    }
  }

  @Test("A home whose path is longer than a socket's may be", .nativeEngines)
  func longHome() async throws {
    let long = (0..<4).map { _ in String(repeating: "long-", count: 8) }.joined(separator: "/")
    let manifest = """
      resources:
        mydb: { type: postgres, options: { version: "15" } }
        legacy: { type: mariadb, options: { version: "10.11" } }
      """
    try await withApp(manifest, AppOptions(runtime: "native", home: long)) { app in
      let sockets = "/tmp/drydock-\(getuid())"
      try await app.up()
      for url in try await app.variables().filter({ $0.key.hasSuffix("_URL") }).values {
        #expect(try await app.query("SELECT 1", at: url) == "1")
      }
      // The kernel's table is no snapshot: while others come and go, a line may be missing from one reading.
      var folders: Set<String> = []
      try await eventually("two short socket folders") {
        folders.formUnion(Self.sockets(of: app, in: sockets))
        return folders.count == 2
      }
      _ = try await app.drydock("down", "--delete-data", "--yes")
      #expect(folders.allSatisfy { !FileManager.default.fileExists(atPath: $0) })
    }
  }

  /// The short socket folders that the app's engines use, by what is in the kernel's table.
  private static func sockets(of app: AppFixture, in parent: String) -> Set<String> {
    let table = KernelFile.text("/proc/net/unix") ?? ""
    let inodes = Set(app.processes().flatMap { Listener.sockets(of: $0) })
    let paths = table.split(separator: "\n").compactMap { line -> String? in
      let fields = line.split(separator: " ")
      guard fields.count > 7, inodes.contains(String(fields[6])), fields[7].hasPrefix(parent) else {
        return nil
      }
      return URL(filePath: String(fields[7])).deletingLastPathComponent().path
    }
    return Set(paths)
  }

  @Test("Hardly any environment: no HOME, no LANG, no TZ, no PATH", .nativeEngines)
  func emptyEnvironment() async throws {
    try await withApp(Manifests.full, AppOptions(runtime: "native")) { app in
      var bare = app
      bare.environment = ["DRYDOCK_HOME": app.environment["DRYDOCK_HOME"] ?? ""]
      try await bare.up("--runtime", "native")
      let url = try #require(try await bare.variables()["MYDB_URL"])
      // Not SHOW lc_ctype, which PostgreSQL 16 has no more.
      let locale = "SELECT datctype FROM pg_database WHERE datname = current_database()"
      #expect(try await app.query(locale, at: url).hasPrefix("C"))
      #expect(try await app.query("SHOW timezone", at: url).contains("UTC"))
    }
  }

  @Test("A locale and a time zone that this machine does not have", .nativeEngines)
  func unknownLocale() async throws {
    let strange = ["LANG": "xx_YY.UTF-8", "LC_ALL": "xx_YY.UTF-8", "TZ": "Nowhere/Land"]
    try await withApp(Manifests.postgres, AppOptions(runtime: "native", environment: strange)) { app in
      try await app.up()
      let url = try #require(try await app.variables()["MYDB_URL"])
      #expect(try await app.query("SHOW server_encoding", at: url) == "UTF8")
    }
  }

  @Test(
    "Without libpq an app without postgres runs, and postgres is refused with what to install", .nativeEngines
  )
  func withoutLibPQ() async throws {
    let manifest = """
      resources:
        mydb: { type: postgres, options: { version: "15" } }
        cache: { type: redis, options: { version: "7.0" } }
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      // What the loader finds first in this folder is no library.
      let libraries = app.root.appending(path: "libraries")
      try FileManager.default.createDirectory(at: libraries, withIntermediateDirectories: true)
      try Data("not a library\n".utf8).write(to: libraries.appending(path: "libpq.so.5"))
      let without = ["LD_LIBRARY_PATH": libraries.path(percentEncoded: false)]
      let redis = try await app.drydock("up", "cache", environment: without)
      #expect(redis.status == 0, "\(redis)")
      let postgres = try await app.drydock("up", environment: without)
      #expect(postgres.status == 69, "\(postgres)")
      for word in ["resource mydb: libpq cannot be loaded", "libpq.so.5", "apt-get install libpq5"] {
        #expect(postgres.stderr.contains(word), "\(word): \(postgres)")
      }
      let doctor = try await app.drydock("doctor", environment: without)
      #expect(doctor.stdout.contains("apt-get install libpq5"), "\(doctor)")
      let version = try await app.drydock("version", environment: without)
      #expect(version.status == 0 && version.stdout.contains("libpq       not installed"), "\(version)")
      try await app.up()
    }
  }

  @Test("Without HOME and DRYDOCK_HOME the state still has a place or a reason")
  func noHome() async throws {
    try await withApp(Manifests.redis, AppOptions(isHeavy: false)) { app in
      var bare = app
      bare.environment = [:]
      let result = try await bare.drydock("ps")
      #expect(result.status == 0, "\(result)")
    }
  }

  @Test(
    "A user whom the machine does not know: what needs no name works, and initdb's refusal is explained",
    .nativeEngines, .root)
  func unknownUser() async throws {
    try await withApp(Self.servers, AppOptions(runtime: "native")) { app in
      let lowered = try await app.loweredTo(user: "54321")
      let refused = try await lowered.drydock("up")
      let others = try await lowered.drydock("up", "cache", "mem", "legacy")
      _ = try await lowered.drydock("down", "--delete-data", "--yes")
      #expect(refused.stderr.contains("54321"), "\(refused)")
      #expect(refused.stderr.contains("/etc/passwd"), "the way out: \(refused)")
      #expect(others.status == 0, "\(others)")
    }
  }

  private static let servers = """
    resources:
      cache: { type: redis, options: { version: "7.0" } }
      mem: { type: memcached, options: { version: "1.6" } }
      legacy: { type: mariadb, options: { version: "10.11" } }
      mydb: { type: postgres, options: { version: "15" } }
    """

  @Test("An ordinary user", .nativeEngines, .root)
  func ordinaryUser() async throws {
    let user = "65534"
    try await withApp(Self.servers, AppOptions(runtime: "native")) { app in
      let lowered = try await app.loweredTo(user: user)
      try await lowered.up()
      for (name, url) in try await lowered.variables() where ["MYDB_URL", "LEGACY_URL"].contains(name) {
        #expect(try await app.query("SELECT 1", at: url) == "1")
      }
      // One that ended meanwhile has none any more.
      let owners = Set(app.processes().map { Self.owner(of: $0) }).subtracting([""])
      #expect(owners == [user])
      #expect(try await lowered.drydock("down", "--delete-data", "--yes").status == 0)
    }
  }

  @Test("root's engines drop to another user, also where root's home is closed", .nativeEngines, .root)
  func root() async throws {
    try await withApp(Manifests.full, AppOptions(runtime: "native", home: "closed/home")) { app in
      let closed = app.root.appending(path: "closed").path
      try FileManager.default.createDirectory(atPath: closed, withIntermediateDirectories: true)
      chmod(closed, 0o700)
      try await app.up()
      let pids = try await app.ps().values.compactMap(\.pid)
      #expect(pids.count == 5)
      for pid in pids { #expect(Self.owner(of: pid) != "0") }
      let directory = try #require(try await app.ps()["files"]?.directory)
      #expect(directory.hasPrefix("/var/lib/drydock/"))
      #expect(try await app.drydock("down", "--delete-data", "--yes").status == 0)
      #expect(!FileManager.default.fileExists(atPath: directory))
      for pid in pids { #expect(kill(pid, 0) != 0, "\(pid) lives") }
    }
  }

  private static func owner(of process: Int32) -> String {
    let status = FileManager.default.contents(atPath: "/proc/\(process)/status") ?? Data()
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Uid:") }
    return line.map { String($0.split(separator: "\t")[1]) } ?? ""
  }

  @Test("A home on a full disk: 73, said which", .nativeEngines, .root, arguments: [1, 8, 24])
  func fullDisk(_ megabytes: Int) async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "native")) { app in
      try await app.withMount(["-o", "size=\(megabytes)m,mode=755"]) {
        let result = try await app.drydock("up")
        #expect(result.status == 73, "\(result)")
        #expect(result.stderr.contains("No space left"), "\(result)")
        #expect(result.stderr.contains("DRYDOCK_HOME"), "\(result)")
        #expect(app.processes().isEmpty)
        _ = try await app.drydock("down", "--all", "--delete-data", "--yes")
      }
    }
  }

  @Test("A disk that fills up under existing data: 73, and the data is as it was", .nativeEngines, .root)
  func fullDiskWithData() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.withMount(["-o", "size=16m,mode=755"]) {
        try await app.up()
        let port = try #require(try await app.ps()["cache"]?.port)
        #expect(try await app.redis("set", "kept", "42", port: port) == "OK")
        #expect(try await app.drydock("down").status == 0)
        let ballast = app.home.appending(path: "ballast").path
        _ = try await app.program("dd", "if=/dev/zero", "of=\(ballast)", "bs=64k")
        let full = try await app.drydock("up")
        #expect(full.status == 73 && full.stderr.contains("No space left"), "\(full)")
        #expect(!full.stderr.contains("start fresh"), "\(full)")
        try FileManager.default.removeItem(atPath: ballast)
        try await app.up()
        #expect(try await app.redis("get", "kept", port: port) == "42")
        _ = try await app.drydock("down", "--all", "--delete-data", "--yes")
      }
    }
  }

  @Test("A /tmp that cannot be written, and a good TMPDIR", .nativeEngines, .root, .mounts)
  func readOnlyTemporaryFolder() async throws {
    let manifest = """
      resources:
        legacy: { type: mariadb, options: { version: "10.11" } }
        cache: { type: redis, options: { version: "7.0" } }
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      let root = app.root.path(percentEncoded: false)
      let temporary = app.root.appending(path: "temporary").path
      try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: false)
      let script = """
        mount --bind "$1" "$1" && mount --rbind /tmp /tmp && mount -o remount,ro,bind /tmp || exit 99
        touch /tmp/x 2>/dev/null && exit 98
        exec "$0" up
        """
      let result = try await app.program(
        "unshare", "-m", "--propagation", "private", "sh", "-c", script,
        try BuiltProducts.executable("drydock"), root, environment: ["TMPDIR": temporary])
      #expect(result.status == 0, "\(result)")
    }
  }

  /// Bug: commands ended by SIGILL at random, or took processes of another namespace for engines.
  @Test("A /proc of another process namespace: 69, and how to mount the right one", .mounts)
  func foreignProcesses() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native", isHeavy: false)) { app in
      let drydock = try BuiltProducts.executable("drydock")
      let apart = ["unshare"] + (getuid() == 0 ? ["-pf"] : ["-Urpf"])
      for words in [["up"], ["ps"], ["--version"]] {
        let result = try await app.start(apart + [drydock] + words, tool: true).result()
        #expect(result.status == 69 && result.stdout.isEmpty, "\(result)")
        #expect(result.stderr.contains("mount -t proc proc /proc"), "\(result)")
      }
      #expect(app.instances.isEmpty)
    }
  }

  @Test("A home on a file system that takes no files: 73, and its name")
  func strangeFileSystem() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native", isHeavy: false)) { app in
      let result = try await app.drydock("up", environment: ["DRYDOCK_HOME": "/proc/drydock"])
      #expect(result.status == 73 && result.stderr.contains("/proc/drydock"), "\(result)")
      #expect(result.stderr.contains("DRYDOCK_HOME"), "\(result)")
    }
  }

  @Test("A disk without inodes: 73", .nativeEngines, .root)
  func noInodes() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.withMount(["-o", "size=64m,nr_inodes=6,mode=755"]) {
        let result = try await app.drydock("up")
        #expect(result.status == 73 && result.stderr.contains("No space left"), "\(result)")
        _ = try await app.drydock("down", "--all", "--delete-data", "--yes")
      }
    }
  }

  @Test("A home that cannot be written: 73, and its name", .root)
  func readOnlyHome() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.withMount(["-o", "ro"]) {
        let result = try await app.drydock("up")
        #expect(result.status == 73, "\(result)")
        #expect(result.stderr.contains(app.home.path) && result.stderr.contains("DRYDOCK_HOME"), "\(result)")
      }
    }
  }

  @Test("A home that is a file: 73")
  func homeIsAFile() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native", isHeavy: false)) { app in
      try Data("here".utf8).write(to: app.home)
      let result = try await app.drydock("up")
      #expect(result.status == 73 && result.stderr.contains(app.home.path), "\(result)")
      #expect(try Data(contentsOf: app.home) == Data("here".utf8))
    }
  }
}

extension AppFixture {
  /// The same app in the hands of a user by number, with copies of the programs that this user can reach.
  func loweredTo(user: String) async throws -> AppFixture {
    for name in ["drydock", "drydock-keeper", "drydock-mount"] {
      let source = URL(filePath: try BuiltProducts.executable(name))
      try FileManager.default.copyItem(at: source, to: root.appending(path: name))
    }
    let given = try await program("chown", "-R", "\(user):\(user)", root.path(percentEncoded: false))
    try #require(given.status == 0, "\(given)")
    var copy = self
    copy.prefix = ["setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--"]
    copy.drydockPath = root.appending(path: "drydock").path(percentEncoded: false)
    copy.environment["HOME"] = nil
    return copy
  }

  /// Runs `body` with a file system in memory mounted as the home.
  func withMount(_ options: [String], _ body: () async throws -> Void) async throws {
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    let path = home.path(percentEncoded: false)
    let mounted = try await start(["mount", "-t", "tmpfs"] + options + ["tmpfs", path], tool: true).result()
    guard mounted.status == 0 else {
      FileHandle.standardError.write(Data("SKIPPED: nothing can be mounted here: \(mounted.stderr)\n".utf8))
      return
    }
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
    for process in processes() { kill(process, SIGKILL) }
    try await eventually("umount") { try await program("umount", path).status == 0 }
    try outcome.get()
  }
}
