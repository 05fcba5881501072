import DrydockTestSupport
import Foundation
import Testing

/// What somebody can do who has got hold of an engine of root's, and so of that engine's user.
@Suite struct EngineUserTests {
  private static let manifest = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      cache: { type: redis, options: { version: "7.0" } }
    services:
      web: { image: web, resources: [mydb, cache] }
    """

  /// Puts links, pipes and forgeries wherever it may, under every name that drydock uses.
  private static let plant = """
    cd "$1" || exit 1
    for folder in . process data scratch sockets; do
      for name in pg_hba.conf server.key server.crt provision.sql client.cnf source.pgpass data-version \
        stop-requested engine.status engine.lock engine.log engine.status.tmp server.pid .psqlrc .my.cnf \
        .rediscli_history process data.new-planted planted; do
        ln -sfn "$2/file" "$folder/$name" || ln -sn "$2" "$folder/a-$name"
        mkfifo "$folder/pipe-$name"
      done
    done 2>/dev/null
    [ -e data/pg_wal ] || ln -sfn "$2/file" data/postmaster.pid
    for name in data process scratch sockets; do mv "$name" "$name.moved" && ln -s "$2" "$name"; done 2>/dev/null
    printf 'touched: '; ls -A . 2>/dev/null || echo nothing
    """

  /// Exchanges folders of the data for links, again and again.
  private static let race = """
    cd "$1/data" || exit 1
    while mkdir -p a/b/c; do
      true >a/b/c/file; mv a/b d; ln -s "$2" a/b; mv -T d e; rm -f a/b; rm -rf e
    done 2>/dev/null
    """

  private struct Entry: Hashable {
    let path: String
    let mode: mode_t
    let owner: uid_t
    let bytes: Data?
  }

  /// All that is in a folder, and whose it is.
  private func look(_ folder: URL) throws -> Set<Entry> {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    return Set(
      (names + [""]).map { name in
        var info = stat()
        lstat("\(folder.path)/\(name)", &info)
        return Entry(
          path: name, mode: info.st_mode, owner: info.st_uid,
          bytes: FileManager.default.contents(atPath: "\(folder.path)/\(name)"))
      })
  }

  private func makeVictim(_ app: AppFixture) throws -> URL {
    let victim = app.root.appending(path: "victim")
    try FileManager.default.createDirectory(
      at: victim.appending(path: "c"), withIntermediateDirectories: true)
    for name in ["file", "engine.log", "c/file", "postmaster.pid"] {
      try Data("precious \(name)".utf8).write(to: victim.appending(path: name))
    }
    return victim
  }

  /// The app as the user of an engine would act on it.
  private func attacker(_ app: AppFixture, _ resource: String) throws -> AppFixture {
    var info = stat()
    #expect(lstat(try app.engineFolder(resource).appending(path: "data").path, &info) == 0)
    try #require(info.st_uid != 0)
    var copy = app
    copy.prefix = ["setpriv", "--reuid=\(info.st_uid)", "--regid=\(info.st_gid)", "--clear-groups", "--"]
    return copy
  }

  private func plant(_ app: AppFixture, _ victim: URL) async throws {
    for resource in ["mydb", "cache"] {
      let folder = try app.engineFolder(resource).path
      let result = try await attacker(app, resource).program(
        "sh", "-c", Self.plant, "sh", folder, victim.path)
      // It may pass, and neither look around nor change anything.
      #expect(result.stdout == "touched: nothing\n", "\(result)")
    }
  }

  @Test(
    "Whoever has got hold of an engine leads root nowhere: at rest, while it stops, starts and is deleted",
    .nativeEngines, .root, .timeLimit(.minutes(15)))
  func leadsRootNowhere() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native")) { app in
      try await app.up()
      let victim = try makeVictim(app)
      let before = try look(victim)
      let url = try #require(try await app.variables()["MYDB_URL"])
      try await app.query("CREATE TABLE kept AS SELECT 42 AS answer", at: url)

      try await plant(app, victim)
      #expect(try await app.ps()["mydb"]?.status == "running")
      #expect(try await app.drydock("logs").stdout.contains("precious") == false)
      #expect(try await app.drydock("resources", "export", "mydb", "-f", "dump.sql").status == 0)
      #expect(try await app.drydock("down").status == 0)
      try await plant(app, victim)
      try await app.up()
      #expect(try await app.query("SELECT answer FROM kept", at: url) == "42")

      let folder = try app.engineFolder("cache").path
      let race = try attacker(app, "cache").start(
        ["sh", "-c", Self.race, "sh", folder, victim.path], tool: true)
      defer { race.send(SIGKILL) }
      let down = try await app.drydock("down", "--delete-data", "--yes")
      #expect(down.status == 0, "\(down)")
      race.send(SIGKILL)
      _ = try await race.result()
      #expect(try look(victim) == before)
    }
  }
}
