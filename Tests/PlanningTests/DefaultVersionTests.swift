import AppStateTestSupport
import ConvoxManifest
import Engines
import ServersTestSupport
import Testing

@testable import AppState
@testable import Planning

/// A manifest that names no version asks for none: what a rack would take is told once, and by `check`.
@Suite struct DefaultVersionTests {
  private static let unnamed = "resources:\n  db: { type: postgres }\n"
  private static let named = "resources:\n  db: { type: postgres, options: { version: \"12\" } }\n"

  private func plan(
    _ text: String, running: String?, standIn: String? = nil
  ) throws -> Plan {
    let specs = try specs(text)
    var records: [String: ResourceRecord] = [:]
    if let running {
      var record = ResourceRecord(
        type: "postgres", administratorPassword: "", wantedVersion: "12", options: [:])
      (record.version, record.dataVersion, record.standIn) = (running, running, standIn)
      records["db"] = record
    }
    let item = Plan.Item(
      resource: "db", type: "postgres", action: running == nil ? .create : .verify, version: "12",
      reason: "new")
    let source = ServerSource.installed("15.18", drift: "postgres 12 is wanted, 15.18 is what is installed")
    let plan = Plan(runtime: .native, runtimeReason: "test", items: [item])
      .telling(driftOf: specs, sources: ["db": source], records: records)
    #expect(plan.items[0].drift != nil)
    return plan.leavingOutDefaults(of: specs, sources: ["db": source], records: records)
  }

  /// Bug: each `up` of a manifest without versions said `(!) postgres 12 is wanted, 15 runs`.
  @Test func aVersionThatNobodyAskedForIsNoDrift() throws {
    let running = try #require(try plan(Self.unnamed, running: "15.18").items.first)
    #expect(running.drift == nil && running.reason == "new")
    let new = try #require(try plan(Self.unnamed, running: nil).items.first)
    #expect(new.drift == nil)
    #expect(
      new.reason == "new; the manifest names no version: a rack deploys postgres 12, 15.18 runs here")
  }

  @Test func oneThatSomebodyAskedForIs() throws {
    #expect(try plan(Self.named, running: "15.18").items.first?.drift == "postgres 12 is wanted, 15.18 runs")
    #expect(try plan(Self.named, running: nil).items.first?.drift != nil)
    // So is another engine, whatever its version.
    #expect(try plan(Self.unnamed, running: "16.1", standIn: "other").items.first?.drift != nil)
  }

  /// The manifest named it when the data was made: AWS keeps that.
  @Test func oneThatWasAskedForBeforeIs() throws {
    var spec = try #require(try specs(Self.unnamed).first)
    #expect(!spec.namesVersion)
    spec.version = "13"
    #expect(spec.namesVersion)
  }

  @Test(arguments: [
    (DefaultVersionTests.unnamed, "15.18", true), (DefaultVersionTests.unnamed, "12.9", false),
    (DefaultVersionTests.named, "15.18", false),
  ])
  func checkTellsIt(_ text: String, _ running: String, _ tells: Bool) throws {
    var state = AppStateTestSupport.state()
    var record = ResourceRecord(
      type: "postgres", administratorPassword: "", wantedVersion: "12", options: [:])
    (record.version, record.dataVersion) = (running, running)
    state.resources["db"] = record
    let findings = try manifest(text).deployedFindings(
      catalog: .builtIn, state: state, appEnvironment: [:])
    let told = findings.filter { $0.message.contains("names no version") }
    #expect(told.count == (tells ? 1 : 0), "\(findings)")
    #expect(told.allSatisfy { $0.severity == .warning && $0.location.line == 2 })
  }
}
