import ConvoxManifest
import Engines
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Planning

@Suite("Options laid over what is deployed")
struct OptionSettlementTests {
  /// A manifest, the next one, and what `up` makes of it.
  struct Case: Sendable, CustomTestStringConvertible {
    var type = "postgres"
    var before: String
    var after: String
    var changes: [String] = []
    var notices: [String] = []
    var deployErrors: [String] = []
    /// The exit status and message of a refusal.
    var refusal: (Int32, String)?

    var testDescription: String { "\(type): \(before) / \(after)" }
  }

  static let stays = "as deployed: AWS keeps an option that is removed"
  static let replaced =
    "AWS replaces the resource by a new one for that, without its data; here it is kept"

  @Test(
    "A manifest over the previous state",
    arguments: [
      Case(before: "storage: 50", after: "storage: 50"),
      Case(before: "storage: 50", after: "storage: 200", changes: ["storage 50 → 200"]),
      Case(
        before: "storage: 50", after: "storage: 20",
        refusal: (78, "convox.yml:4:25: resource db: storage cannot shrink from 50 to 20")),
      Case(
        before: "", after: "storage: 19",
        refusal: (78, "convox.yml:4:25: resource db: storage cannot shrink from 20 to 19")),
      Case(
        before: "storage: 50", after: "",
        notices: ["2:3 resource db: storage stays 50, \(stays)"]),
      Case(before: "storage: 20", after: ""),
      Case(
        before: "storage: 50", after: "storage: ",
        notices: ["2:3 resource db: storage stays 50, \(stays)"]),
      Case(
        before: "class: db.t3.large, iops: 1000", after: "class: db.t3.small",
        changes: ["class db.t3.large → db.t3.small"],
        notices: ["2:3 resource db: iops stays 1000, \(stays)"]),
      Case(before: "", after: "iops: 1000", changes: ["iops (none) → 1000"]),
      Case(
        before: "deletionProtection: true", after: "",
        notices: ["2:3 resource db: deletionProtection stays true, \(stays)"]),
      Case(
        before: "deletionProtection: true", after: "deletionProtection: false",
        changes: ["deletionProtection true → false"]),
      Case(
        before: "encrypted: true", after: "encrypted: false", changes: ["encrypted true → false"],
        notices: ["4:27 resource db: encrypted true → false: \(replaced)"]),
      Case(
        before: "preferredBackupWindow: 03:00-03:30, backupRetentionPeriod: 7",
        after: "backupRetentionPeriod: 0", changes: ["backupRetentionPeriod 7 → 0"],
        notices: ["2:3 resource db: preferredBackupWindow stays 03:00-03:30, \(stays)"]),
      Case(
        type: "redis", before: "", after: "nodes: 2, durable: true",
        changes: ["durable false → true", "nodes 1 → 2"]),
      Case(
        type: "redis", before: "nodes: 2", after: "durable: true", changes: ["durable false → true"],
        notices: ["2:3 resource db: nodes stays 2, \(stays)"]),
      Case(
        type: "redis", before: "nodes: 2, durable: true", after: "nodes: 1",
        changes: ["nodes 2 → 1"], notices: ["2:3 resource db: durable stays true, \(stays)"],
        deployErrors: ["2:3 resource db: durable: true needs two nodes at least"]),
      Case(
        type: "redis", before: "", after: "durable: true", changes: ["durable false → true"],
        deployErrors: ["4:25 resource db: durable: true needs two nodes at least"]),
      Case(
        type: "efs", before: "path: /a, owner-uid: 5", after: "",
        notices: [
          "2:3 resource db: owner-uid stays 5, \(stays)", "2:3 resource db: path stays /a, \(stays)",
        ]),
    ])
  func changes(_ example: Case) throws {
    var app = PlannedApp()
    _ = try app.up(PlannedApp.manifest(example.type, example.before))
    let recorded = app.state
    if let (status, message) = example.refusal {
      let error = try #require(throws: DrydockError.self) {
        try app.up(PlannedApp.manifest(example.type, example.after))
      }
      #expect(error.code.rawValue == status)
      #expect(error.message == message)
      #expect(error.suggestion != nil)
      #expect(app.state == recorded)
      return
    }
    let result = try app.up(PlannedApp.manifest(example.type, example.after))
    #expect(result.plan.items.map { $0.changes.map(\.description).sorted() } == [example.changes.sorted()])
    #expect(short(result.settled.findings).sorted() == example.notices.sorted())
    #expect(short(result.settled.deployErrors) == example.deployErrors)
  }

  @Test("A refusal names every reason")
  func manyReasons() throws {
    var app = PlannedApp()
    let two = "resources:\n  a: {type: mysql, options: {storage: 50}}\n  b: {type: mysql}\n"
    _ = try app.up(two)
    let error = try #require(throws: DrydockError.self) {
      try app.up(
        "resources:\n  a: {type: mysql, options: {storage: 40}}\n  b: {type: mysql, options: {storage: 10}}\n"
      )
    }
    #expect(error.message == "convox.yml:2:39: resource a: storage cannot shrink from 50 to 40")
    #expect(error.details.count == 1)
    #expect(error.details.first?.contains("storage cannot shrink from 20 to 10") == true)
  }

  /// Two branches of one app.
  @Test("What AWS refuses goes on where that is accepted, and is told until AWS would do it too")
  func accepted() throws {
    var app = PlannedApp()
    func storage(_ size: Int) -> String { PlannedApp.manifest("postgres", "storage: \(size)") }
    _ = try app.up(storage(100))
    let error = try #require(throws: DrydockError.self) { try app.up(storage(50)) }
    #expect(error.suggestion?.contains("drydock up --accept-options db") == true)
    let first = try app.up(storage(50), accepting: ["db"])
    #expect(first.plan.items.first?.changes.map(\.description) == ["storage 100 → 50"])
    let told =
      "4:25 resource db: storage cannot shrink from 100 to 50 on AWS, which was accepted: it goes on with its data"
    #expect(short(first.settled.findings) == [told])
    #expect(app.state.resources["db"]?.acceptedOptions == ["storage": "100"])
    let second = try app.up(storage(50))
    #expect(short(second.settled.findings) == [told])
    #expect(second.plan.items.first?.changes == [])
    let back = try app.up(storage(100))
    #expect(back.settled.findings == [])
    #expect(app.state.resources["db"]?.acceptedOptions == nil)
    #expect(throws: DrydockError.self) { try app.up(storage(50)) }
  }

  @Test("An independent database stays one, with its data, whatever readSourceDB says")
  func acceptedReplica() throws {
    var app = PlannedApp()
    func manifest(_ options: String) -> String {
      "resources:\n  main: {type: postgres, options: {version: '15'}}\n"
        + "  copy: {type: postgres, options: {version: '15'\(options)}}\n"
    }
    let following = manifest(", readSourceDB: \"\(ResourceOption.reference(to: "main"))\"")
    _ = try app.up(following)
    #expect(try app.up(manifest("")).plan.items.map(\.action) == [.verify, .promote])
    #expect(throws: DrydockError.self) { try app.up(following) }
    for accepting in [["copy"], []] as [Set<String>] {
      let result = try app.up(following, accepting: accepting)
      #expect(result.plan.items.map(\.action) == [.verify, .verify])
      #expect(result.settled.specs.last?.source == nil)
      #expect(result.settled.findings.map(\.severity) == [.warning])
    }
    _ = try app.up(manifest(""))
    #expect(app.state.resources["copy"]?.acceptedOptions == nil)
  }

  @Test("An engine cannot be accepted as another")
  func notAcceptable() throws {
    var app = PlannedApp()
    _ = try app.up(PlannedApp.manifest("redis", "engine: redis"))
    #expect(throws: DrydockError.self) {
      try app.up(PlannedApp.manifest("redis", "engine: valkey"), accepting: ["db"])
    }
  }

  @Test("A resource whose first start failed has nothing to keep")
  func neverServed() throws {
    var app = PlannedApp()
    _ = try app.up(PlannedApp.manifest("postgres", "storage: 50"))
    app.state.resources["db"]?.dataVersion = nil
    let result = try app.up(PlannedApp.manifest("postgres", "storage: 10"))
    #expect(result.settled.specs.first?.options["storage"] == "10")
    #expect(result.plan.items.map(\.changes) == [[]])
  }

  @Test("What is not brought up is neither judged nor recorded")
  func unselected() throws {
    var app = PlannedApp()
    _ = try app.up("resources:\n  a: {type: mysql, options: {storage: 50}}\n  b: {type: mysql}\n")
    let before = app.state.resources["a"]
    let specs = try PlannedApp.specs(
      "resources:\n  a: {type: mysql, options: {storage: 10}}\n  b: {type: mysql, options: {storage: 30}}\n")
    let result = try app.up(specs, selected: ["b"])
    #expect(result.plan.items.map(\.resource) == ["b"])
    #expect(app.state.resources["a"] == before)
    #expect(throws: DrydockError.self) { try app.up(specs) }
  }

  @Test("A URL that stands in for a resource changes nothing of what is deployed")
  func external() throws {
    var app = PlannedApp()
    _ = try app.up(PlannedApp.manifest("postgres", "storage: 50, deletionProtection: true"))
    let result = try app.up(PlannedApp.manifest("postgres", "storage: 10"), ["DB_URL": "postgres://far"])
    #expect(result.settled.findings == [])
    #expect(app.state.resources["db"]?.options["storage"] == "50")
    #expect(DeletionProtection.protected(in: app.state) == ["db"])
  }

  @Test("Another type is refused, and nothing of the old type's options is kept")
  func type() throws {
    var app = PlannedApp()
    _ = try app.up(PlannedApp.manifest("postgres", "storage: 50"))
    let before = app.state
    let error = try #require(throws: DrydockError.self) { try app.up(PlannedApp.manifest("mysql", "")) }
    #expect(error.code == .dataMismatch)
    #expect(app.state == before)
  }

  @Test(
    "A size from the app env",
    arguments: [
      ("200", ["storage 50 → 200"], nil), ("50", [], nil),
      ("20", [], "storage cannot shrink from 50 to 20"),
    ] as [(String, [String], String?)])
  func dynamicConfiguration(size: String, changes: [String], refusal: String?) throws {
    let text = PlannedApp.manifest("postgres", "storage: ${POSTGRES_STORAGE_SIZE}")
    var app = PlannedApp()
    _ = try app.up(text, ["POSTGRES_STORAGE_SIZE": "50"])
    if let refusal {
      let error = try #require(throws: DrydockError.self) {
        try app.up(text, ["POSTGRES_STORAGE_SIZE": size])
      }
      #expect(error.code == .dataMismatch)
      #expect(error.message.hasSuffix(refusal))
    } else {
      let result = try app.up(text, ["POSTGRES_STORAGE_SIZE": size])
      #expect(result.plan.items.first?.changes.map(\.description) == changes)
    }
  }

  private func short(_ findings: [Diagnostic]) -> [String] {
    findings.map { "\($0.location.line):\($0.location.column) \($0.message)" }
  }
}

@Suite("Options that replicas and engines fix")
struct FixedOptionTests {
  private func settle(
    _ type: String, _ options: [String: String], over record: [String: String], source: String? = nil
  )
    throws -> OptionSettlement
  {
    let engine = try #require(ResourceCatalog.builtIn.engine(type))
    let place = SourceLocation(file: "convox.yml", line: 1, column: 1)
    let resource = Resource(
      name: "db", type: type, options: options.map { .init(name: $0, value: $1, location: place) },
      location: place)
    var deployed = ResourceRecord(
      type: type, administratorPassword: "", wantedVersion: "", options: record)
    deployed.dataVersion = "1"
    deployed.source = source
    return OptionSettlement.settle(resource, type: engine.resourceType, record: deployed, in: .builtIn)
  }

  @Test(
    "readSourceDB is the one option whose removal takes effect",
    arguments: [
      (nil, "main", []), ("main", "main", []),
      ("main", nil, ["resource db: it is an independent database and cannot become a replica"]),
      ("other", "main", ["resource db: it is a replica of main and cannot follow another source"]),
    ] as [(String?, String?, [String])])
  func replica(declared: String?, source: String?, errors: [String]) throws {
    let options = declared.map { ["readSourceDB": ResourceOption.reference(to: $0)] } ?? [:]
    let settlement = try settle("postgres", options, over: [:], source: source)
    #expect(settlement.options["readSourceDB"] == options["readSourceDB"])
    #expect(settlement.findings.map(\.message) == errors)
    #expect(settlement.changes.isEmpty == (declared == source))
  }

  @Test(
    "The engine of a redis",
    arguments: [
      ("redis", "valkey", "its engine is redis, which cannot become valkey"),
      ("valkey", "redis", "its engine is valkey, which cannot become redis"), ("valkey", "valkey", nil),
    ] as [(String, String, String?)])
  func engine(before: String, after: String, refusal: String?) throws {
    let settlement = try settle("redis", ["engine": after], over: ["engine": before])
    #expect(settlement.findings.map(\.message) == (refusal.map { ["resource db: \($0)"] } ?? []))
    #expect(settlement.contradictsDeployment == (refusal != nil))
  }

  @Test("An engine that is kept without being set")
  func keptEngine() throws {
    let settlement = try settle("redis", [:], over: ["engine": "valkey"])
    #expect(settlement.options["engine"] == "valkey")
    #expect(settlement.findings.map(\.severity) == [.warning])
  }
}
