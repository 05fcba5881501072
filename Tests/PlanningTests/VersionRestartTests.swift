import AppStateTestSupport
import Engines
import ServersTestSupport
import Testing

@testable import AppState
@testable import Planning

/// A version that is changed in the manifest while the server runs.
@Suite struct VersionRestartTests {
  private func record(_ type: String, wanted: String, running: String, standIn: String? = nil)
    -> ResourceRecord
  {
    var record = ResourceRecord(type: type, administratorPassword: "", wantedVersion: wanted, options: [:])
    record.version = running
    record.dataVersion = running
    record.standIn = standIn
    return record
  }

  private func reasons(_ type: String, _ version: String, _ record: ResourceRecord, isRunning: Bool = true)
    throws
    -> [String: String]
  {
    let wanted = try specs("resources:\n  it: { type: \(type), options: { version: \"\(version)\" } }\n")
    return VersionRestarts.reasons(
      wanted, records: ["it": record],
      observed: ["it": Observation(isRunning ? .running(since: nil) : .stopped, hasData: true)])
  }

  /// Bug: the plan said "6.0 → 7.0", and 6.0 ran on.
  @Test(arguments: [
    ("redis", "6.0", "6.0.16", "7.0", true), ("memcached", "1.5", "1.5.22", "1.6", true),
    ("postgres", "15.3", "15.3", "15.4", true),
    // It runs in that version already.
    ("redis", "6.0", "7.0.15", "7.0", false), ("postgres", "15", "15.18", "15.18", false),
    ("redis", "7.0", "6.0.16", "7.0", false),
    // Refused elsewhere: its data would not be read.
    ("postgres", "15", "15.18", "16", false), ("mariadb", "10.5", "10.5.22", "10.11", false),
  ])
  func aChangedVersionIsStarted(
    _ type: String, _ before: String, _ running: String, _ version: String, _ isStarted: Bool
  ) throws {
    let found = try reasons(type, version, record(type, wanted: before, running: running))
    #expect(found == (isStarted ? ["it": "version \(version) is wanted now"] : [:]))
    #expect(
      try reasons(type, version, record(type, wanted: before, running: running), isRunning: false).isEmpty)
  }

  @Test(
    arguments: [
      ("7.0.15", nil, Plan.Action.start), ("6.0.16", nil, .verify), ("6.0.16", "redis", .start),
    ] as [(String, String?, Plan.Action)])
  func nothingIsStartedAgainForTheSameServer(
    _ resolved: String, _ standIn: String?, _ expected: Plan.Action
  ) throws {
    let wanted = try specs("resources:\n  it: { type: redis, options: { version: \"7.2\" } }\n")
    var state = AppStateTestSupport.state()
    state.resources["it"] = record("redis", wanted: "6.0", running: "6.0.16")
    let observed = ["it": Observation(.running(since: nil), hasData: true)]
    let restarts = VersionRestarts.reasons(wanted, records: state.resources, observed: observed)
    let plan = try Planner.plan(
      wanted, selected: nil, state: state, observed: observed, runtime: (.docker, "asked for"),
      restarts: restarts)
    #expect(plan.items.first?.action == .start)
    var source = ServerSource.local("redis:\(resolved)")
    source.standIn = standIn
    let settled = plan.leavingOutVainRestarts(restarts, sources: ["it": source], records: state.resources)
    #expect(settled.items.first?.action == expected)
  }
}
