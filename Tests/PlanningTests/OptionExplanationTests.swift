import ConvoxManifest
import Engines
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Planning

@Suite("Options explained")
struct OptionExplanationTests {
  private func rows(_ text: String, over state: InstanceState? = nil) throws -> [OptionExplanation] {
    let manifest = try ManifestLoader(catalog: .builtIn).load(
      Array(text.utf8), file: "convox.yml", appEnvironment: [:])
    return OptionExplanation.rows(manifest, catalog: .builtIn, over: state)
  }

  @Test("A row for every option of every type, and for each app parameter")
  func everyOption() throws {
    let types = ResourceCatalog.builtIn.types
    let text = "resources:\n" + types.map { "  my-\($0.name): {type: \($0.name)}\n" }.joined()
    let rows = try rows(text)
    let expected = types.flatMap { type in
      (type.options.map(\.name) + type.differences.map(\.name)).map { "my-\(type.name) \($0)" }
    }
    #expect(rows.filter { $0.resource != nil }.map { "\($0.resource ?? "") \($0.option)" } == expected)
    #expect(rows.filter { $0.resource == nil }.map(\.option) == AppParameter.allCases.map(\.rawValue))
    #expect(rows.allSatisfy { !$0.aws.isEmpty && !$0.detail.isEmpty })
  }

  @Test("How text sorts is said where RDS sorts otherwise")
  func collation() throws {
    let row = try #require(try rows(PlannedApp.manifest("postgres", "")).first { $0.option == "(collation)" })
    #expect(row.value == "C.UTF-8" && row.origin == .default && row.aws.contains("en_US.UTF-8"))
    #expect(row.detail.contains("COLLATE"))
    #expect(try !rows(PlannedApp.manifest("mysql", "")).contains { $0.option == "(collation)" })
  }

  @Test("Values with where they come from")
  func origins() throws {
    var app = PlannedApp()
    _ = try app.up(PlannedApp.manifest("postgres", "storage: 50, iops: 1000"))
    app.state.set(.autoMinorVersionUpgrade, to: "false")
    let rows = try rows(PlannedApp.manifest("postgres", "storage: 60"), over: app.state)
    func row(_ option: String) -> OptionExplanation? { rows.first { $0.option == option } }
    #expect(row("storage")?.value == "60")
    #expect(row("storage")?.origin == .manifest)
    #expect(row("storage")?.treatment == .enforced)
    #expect(row("iops")?.value == "1000")
    #expect(row("iops")?.origin == .deployed)
    #expect(row("class")?.origin == .default)
    #expect(row("class")?.documentedDefault == "db.t2.micro")
    #expect(row("preferredBackupWindow")?.value == nil)
    #expect(row("AutoMinorVersionUpgrade")?.value == "false")
    #expect(row("AutoMinorVersionUpgrade")?.origin == .parameter)
    #expect(row("ResourcePassword")?.value == nil)
  }
}

@Suite("Replicas against deployed values that stay")
struct ReplicaSettlementTests {
  private func pair(_ source: String, _ replica: String) -> String {
    "resources:\n  main: {type: mysql, options: {\(source)}}\n"
      + "  copy: {type: mysql, options: {readSourceDB: \"#convox.resources.main\", \(replica)}}\n"
  }

  @Test("A replica smaller than what its source has deployed is refused")
  func smaller() throws {
    var app = PlannedApp()
    _ = try app.up("resources:\n  main: {type: mysql, options: {version: \"8.0\", storage: 50}}\n")
    let before = app.state
    let error = try #require(throws: DrydockError.self) {
      try app.up(pair("version: \"8.0\"", "version: \"8.0\", storage: 30"))
    }
    #expect(error.code == .dataMismatch)
    #expect(error.message.hasSuffix("resource copy: its storage 30 is less than 50 of main, as deployed"))
    #expect(app.state == before)
    _ = try app.up(pair("version: \"8.0\"", "version: \"8.0\", storage: 50"))
  }

  @Test("An encrypted replica of a source that stays unencrypted is refused")
  func encrypted() throws {
    var app = PlannedApp()
    _ = try app.up(pair("version: \"8.0\", encrypted: true", "version: \"8.0\", encrypted: true"))
    app.state.resources["main"]?.options["encrypted"] = "false"
    let error = try #require(throws: DrydockError.self) {
      try app.up(pair("version: \"8.0\", storage: 20", "version: \"8.0\""))
    }
    #expect(error.message.hasSuffix("it cannot be encrypted while main is not, as deployed"))
  }
}
