import AppStateTestSupport
import ConvoxManifest
import Engines
import Foundation
import MonotonicTime
import ServersTestSupport
import Synchronization
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Resources

/// The life of created resources, by those that need no engine.
@Suite("Created resources")
struct CreatedResourcesTests {
  private static let url = "tcp://logs.example.com:514"

  private func with(_ body: (TestHome, CreatedResources) async throws -> Void) async throws {
    try await TestHome.with { test in
      let context = DrydockContext(
        environment: [:], currentDirectory: test.path, home: test.home, catalog: .builtIn)
      try await body(test, CreatedResources(context: context))
    }
  }

  private var work: ResourceWork { ResourceWork(deadline: .after(.seconds(30))) }

  /// An app that had an `up`.
  private func app(_ name: String, _ test: TestHome) throws -> InstanceState {
    try test.directory.open(try test.app(name), app: nil)
  }

  @Test("Made, changed and deleted, it leaves nothing")
  func life() async throws {
    try await with { test, resources in
      let made = try await resources.create("syslog", named: "drain", parameters: ["Url": Self.url], work)
      #expect(made.status == "running")
      #expect(made.url == Self.url)
      #expect(test.mode("state/resources/drain") == 0o700)
      let updated = try await resources.update("drain", parameters: ["Url": "udp://h:1"], work)
      #expect(updated.parameters == ["Url": "udp://h:1"])
      _ = try await resources.delete("drain", work)
      #expect(test.store.all().isEmpty)
      for folder in ["resources", "instances"] {
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(test.home.root)/\(folder)").isEmpty)
      }
    }
  }

  @Test("A name belongs to one app or resource")
  func names() async throws {
    try await with { test, resources in
      _ = try app("web", test)
      let taken = try await emulatorError {
        _ = try await resources.create("syslog", named: "web", parameters: ["Url": Self.url], work)
      }
      #expect(taken.message.contains("an app is called web already"))
      _ = try await resources.create("syslog", named: "drain", parameters: ["Url": Self.url], work)
      let again = try await emulatorError {
        _ = try await resources.create("syslog", named: "drain", parameters: ["Url": Self.url], work)
      }
      #expect(again.message == "resource already exists: drain (syslog)")
      #expect(test.store.all().count == 2, "nothing half-made is left")
      let late = try test.directory.open(try test.app("drain"), app: nil)
      #expect(late.handle != "drain", "an app that comes later makes way")
    }
  }

  @Test("A folder whose instance cannot be read is left as it is")
  func damaged() async throws {
    try await with { test, resources in
      _ = try await resources.create("syslog", named: "drain", parameters: ["Url": Self.url], work)
      let id = try resources.state(named: "drain").id
      try test.write("{ damaged", to: "state/instances/\(id)/state.json")
      let error = try await emulatorError {
        _ = try await resources.create("syslog", named: "drain", parameters: ["Url": Self.url], work)
      }
      #expect(error.message.contains("is damaged"))
      #expect(test.text("state/resources/drain/.drydock/id")?.hasPrefix(id) == true)
    }
  }

  @Test("Many at once without a name get different ones")
  func madeNames() async throws {
    try await with { test, resources in
      let names = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<8 {
          group.addTask {
            try await resources.create(
              "syslog", parameters: ["Url": Self.url], ResourceWork(deadline: .after(.seconds(30)))
            ).name
          }
        }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(names.count == 8)
      #expect(names.allSatisfy { $0.wholeMatch(of: /syslog-[0-9]{4}/) != nil })
    }
  }

  @Test("Others see what is being done, and what was interrupted")
  func status() async throws {
    try await with { test, resources in
      let seen = Mutex<[String]>([])
      let work = ResourceWork(deadline: .after(.seconds(30))) { accepted in
        seen.withLock { $0.append(accepted.status) }
      }
      _ = try await resources.create("syslog", named: "drain", parameters: ["Url": Self.url], work)
      _ = try await resources.update("drain", parameters: ["Url": "udp://h:1"], work)
      let id = try resources.state(named: "drain").id
      _ = try await resources.record(id) { $0.operation = "updating" }
      let lookup = ResourceLookup(context: resources.context)
      #expect(try await lookup.resource("drain", app: nil).status == "running", "nothing is wrong with it")
      _ = try await resources.record(id) { $0.operation = "deleting" }
      #expect(try await lookup.resource("drain", app: nil).status == "failed")
      _ = try await resources.start("drain", work)
      #expect(try await lookup.resource("drain", app: nil).status == "running")
      _ = try await resources.delete("drain", work)
      #expect(seen.withLock { $0 } == ["creating", "updating", "updating", "deleting"])
    }
  }

  @Test("A linked resource stays until it is unlinked, or its app is gone")
  func links() async throws {
    try await with { test, resources in
      let (web, api) = (try app("web", test), try app("api", test))
      _ = try await resources.create("syslog", named: "drain", parameters: ["Url": Self.url], work)
      _ = try await resources.link("drain", to: web, work)
      let linked = try await resources.link("drain", to: api, work)
      #expect(linked.apps == ["api", "web"])
      #expect(LinkedResources(context: test.context).of(web).map(\.created?.isDrain) == [true])
      let refusal = try await emulatorError { _ = try await resources.delete("drain", work) }
      #expect(refusal.message == "resource drain is linked to api, web")
      #expect(refusal.details == ["api", "web"].map { "drydock resources unlink drain --app \($0)" })
      #expect(try await resources.unlink("drain", from: web, work).apps == ["api"])
      let twice = try await emulatorError { _ = try await resources.unlink("drain", from: web, work) }
      #expect(twice.message == "resource drain is not linked to web")
      try test.store.delete(api.id)
      _ = try await resources.delete("drain", work)
    }
  }

  @Test("What nothing is called is told with what there is")
  func unknown() async throws {
    try await with { test, resources in
      _ = try app("web", test)
      let app = try await emulatorError { _ = try resources.app(named: "wep") }
      #expect(app.message == "no such app: wep")
      #expect(app.suggestion == "did you mean web? there is web")
      let none = try await emulatorError { _ = try await resources.delete("drain", work) }
      #expect(none.message == "no such resource: drain")
      let update = try await emulatorError { _ = try await resources.update("x", parameters: [:], work) }
      #expect(update.message == "no such resource: x")
    }
  }

  @Test("Variables of the same names are refused")
  func collision() async throws {
    try await with { test, resources in
      try test.write("resources:\n  my_db:\n    type: redis\n", to: "web/convox.yml")
      let web = try app("web", test)
      var other = state("other1234567", handle: "my-db", path: test.home.created("my-db"))
      other.created = CreatedResource(type: "redis", parameters: [:])
      try test.store.save(other)
      let error = try await emulatorError { _ = try await resources.link("my-db", to: web, work) }
      #expect(error.message.contains("web has my_db already"))
      #expect(error.message.contains("MY_DB_URL"))
      #expect(try test.store.load(other.id)?.created?.links.isEmpty == true)
    }
  }

  @Test("The env files of a linked app follow")
  func environmentFiles() async throws {
    try await with { test, resources in
      try test.write("services:\n  web:\n    image: web\n", to: "web/convox.yml")
      let web = try app("web", test)
      var cache = state("other1234567", handle: "cache", path: test.home.created("cache"))
      cache.created = CreatedResource(type: "redis", parameters: [:])
      var record = ResourceRecord(
        type: "redis", administratorPassword: "", wantedVersion: "7.0", options: ["encrypted": "false"])
      record.port = 15_123
      cache.resources["cache"] = record
      try test.store.save(cache)
      _ = try await resources.link("cache", to: web, work)
      #expect(test.text("web/.drydock/all.env") == nil, "none are made where there are none")
      try test.write("", to: "web/.drydock/all.env")
      _ = try await resources.link("cache", to: web, work)
      let text = try #require(test.text("web/.drydock/web.env"))
      #expect(text.contains("CACHE_URL=redis://127.0.0.1:15123/0"))
      #expect(test.mode("web/.drydock/web.env") == 0o600)
      _ = try await resources.unlink("cache", from: web, work)
      #expect(test.text("web/.drydock/web.env")?.contains("CACHE_URL") == false)
    }
  }

  @Test("deletionProtection holds for a created resource too, with the way out")
  func protection() async throws {
    try await with { test, resources in
      var main = state("other1234567", handle: "main", path: test.home.created("main"))
      main.created = CreatedResource(type: "postgres", parameters: ["deletionProtection": "true"])
      var record = ResourceRecord(
        type: "postgres", administratorPassword: "", wantedVersion: "12",
        options: ["deletionProtection": "true"])
      record.dataVersion = "12.1"
      main.resources["main"] = record
      try test.store.save(main)
      let error = try await emulatorError { _ = try await resources.delete("main", work) }
      #expect(error.message == "deletion protection is on for main; nothing was deleted")
      #expect(error.suggestion?.contains("drydock resources update main deletionProtection=false") == true)
      #expect(test.store.all().count == 1)
    }
  }

  @Test("down refuses to delete the data of a linked resource, as delete does")
  func downOfLinked() async throws {
    try await with { test, resources in
      let web = try app("web", test)
      _ = try await resources.create("syslog", named: "drain", parameters: ["Url": Self.url], work)
      _ = try await resources.link("drain", to: web, work)
      let drain = try resources.state(named: "drain")
      func down(ending: Set<String>) -> DownOperation {
        DownOperation(
          context: resources.context, instance: drain, selected: nil, deletesData: true, ending: ending,
          notice: { _ in })
      }
      let refusal = try await emulatorError {
        _ = try await down(ending: [drain.id]).run(until: .after(.seconds(30)))
      }
      #expect(refusal.message == "resource drain is linked to web")
      #expect(refusal.details == ["drydock resources unlink drain --app web"])
      // Together with the app it goes.
      _ = try await down(ending: [drain.id, web.id]).run(until: .after(.seconds(30)))
    }
  }

  @Test("A start finds the instance whose folder was removed by hand")
  func folderGone() async throws {
    try await with { test, resources in
      _ = try await resources.create("syslog", named: "drain", parameters: ["Url": Self.url], work)
      let id = try resources.state(named: "drain").id
      try FileManager.default.removeItem(atPath: "\(test.path)/state/resources")
      _ = try await resources.start("drain", work)
      #expect(test.text("state/resources/drain/.drydock/id") == "\(id)\n")
      #expect(test.store.all().map(\.id) == [id])
    }
  }

  @Test("An empty value is refused, or takes back what was set")
  func emptyValues() async throws {
    try await with { test, resources in
      let create = try await emulatorError {
        _ = try await resources.create("efs", named: "files", parameters: ["permissions": ""], work)
      }
      #expect(create.message == "permissions takes a value")
      #expect(test.store.all().isEmpty)
      _ = try await resources.create("efs", named: "files", parameters: ["tags": "a=b"], work)
      let update = try await emulatorError {
        _ = try await resources.update("files", parameters: ["path": ""], work)
      }
      #expect(update.suggestion == "its default is /: path=/")
      #expect(try await resources.update("files", parameters: ["tags": ""], work).parameters["tags"] == nil)
      #expect(try resources.state(named: "files").resources["files"]?.options["tags"] == nil)
      let nothing = try await emulatorError { _ = try await resources.update("files", parameters: [:], work) }
      #expect(nothing.message == "nothing to update")
    }
  }

  @Test("What an update of a directory cannot do is said")
  func directoryOptions() async throws {
    try await with { test, resources in
      let notices = Mutex<[String]>([])
      var work = work
      work.events.notice = { line in notices.withLock { $0.append(line) } }
      _ = try await resources.create("efs", named: "files", parameters: [:], work)
      #expect(notices.withLock { $0 }.allSatisfy { !$0.contains("permissions") })
      _ = try await resources.update("files", parameters: ["permissions": "0700", "path": "/data"], work)
      let lines = notices.withLock { $0 }
      #expect(lines.contains { $0.hasPrefix("resource files: permissions 0777 → 0700: ") }, "\(lines)")
      #expect(lines.contains { $0.hasPrefix("resource files: path / → /data: ") }, "\(lines)")
    }
  }

  @Test("What a type does not take is named as its options are listed")
  func unknownOptions() async throws {
    try await with { _, resources in
      let error = try await emulatorError {
        _ = try await resources.create("postgres", parameters: ["colour": "red"], work)
      }
      #expect(error.message == "unknown option colour for postgres")
      let known = try resources.options("postgres").map(\.name)
      #expect(error.suggestion == "it takes \(known.joined(separator: ", "))")
      #expect(
        try ResourceCatalog.builtIn.kind("redis").settled(["version": "7"], in: .builtIn) == [
          "version": "7.0"
        ])
    }
  }

  @Test("No resource goes back to an older version, as on RDS")
  func downgrade() async throws {
    try await with { test, resources in
      var created = CreatedResource(type: "postgres", parameters: ["version": "15.3"])
      let manifest = { CreatedManifest(name: "main", created: created, context: test.context) }
      var record = ResourceRecord(
        type: "postgres", administratorPassword: "", wantedVersion: "15.9", options: ["version": "15.9"])
      record.dataVersion = "15"
      let error = try await emulatorError { try manifest().check(over: record) }
      #expect(error.message == "resource main: version 15.9 → 15.3: AWS goes back to no older version")
      for newer in ["15", "15.9", "15.10"] {
        created.parameters["version"] = newer
        try manifest().check(over: record)
      }
    }
  }

  @Test("A manifest that takes up a linked resource's variables is told")
  func collisionAfterwards() async throws {
    try await with { test, resources in
      let web = try app("web", test)
      var other = state("other1234567", handle: "my-db", path: test.home.created("my-db"))
      other.created = CreatedResource(type: "redis", parameters: [:])
      other.created?.links = [web.id]
      try test.store.save(other)
      try test.write("resources:\n  my_db:\n    type: redis\n", to: "web/convox.yml")
      let manifest = try #require(try web.workspace?.load(appEnvironment: [:], catalog: .builtIn))
      let found = LinkedResources(context: test.context).collisions(of: web, with: manifest)
      #expect(found.map(\.location.line) == [2])
      #expect(found.first?.suggestion?.hasSuffix("drydock resources unlink my-db --app web") == true)
    }
  }
}
