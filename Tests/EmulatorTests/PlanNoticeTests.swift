import AppStateTestSupport
import Engines
import ServersTestSupport
import Testing

@testable import AppState
@testable import Emulator
@testable import Planning
@testable import Servers

/// What is said of a plan before it is carried out.
@Suite struct PlanNoticeTests {
  private func plan(
    _ specs: [ResourceSpec], _ state: InstanceState, observed: [String: Observation] = [:]
  ) throws -> Plan {
    try Planner.plan(
      specs, selected: nil, state: state, observed: observed, runtime: (.native, "asked for"), changes: [:])
  }

  private func known(_ name: String, type: String) -> InstanceState {
    var state = AppStateTestSupport.state()
    state.resources[name] = ResourceRecord(
      type: type, administratorPassword: "", wantedVersion: "1.0", options: [:])
    return state
  }

  /// Bug: a volume or folder that somebody else had removed was made anew without a word.
  @Test(
    arguments: [
      Observation(.absent), Observation(.stopped), Observation(.crashed("signal 9")),
    ])
  func dataThatIsGoneIsNamedWithItsPlace(_ observed: Observation) throws {
    var state = known("db", type: "postgres")
    state.resources["db"]?.dataVersion = "15.1"
    let wanted = try specs("resources:\n  db: { type: postgres, options: { version: 15 } }\n")
    let plan = try plan(wanted, state, observed: ["db": observed])
    let home = StateHome(root: "/r", engines: "/e", sockets: "/s")
    let notices = LostData(home: home, state: state).notices(plan, wanted, ["db": observed])
    #expect(notices == ["the data of db is gone: /e/abc123def456/db was removed; it is made anew"])
    state.resources["db"]?.dataVersion = nil
    #expect(LostData(home: home, state: state).notices(plan, wanted, ["db": observed]).isEmpty)
  }

  @Test func whatLooksRenamedIsSaid() throws {
    var state = known("old", type: "memcached")
    let notice = try #require(Renames.notices(plan([fake("new")], state), state).first)
    #expect(notice.contains("drydock resources rename old new"))
    state.resources["older"] = state.resources["old"]
    #expect(Renames.notices(try plan([fake("new")], state), state).isEmpty)
  }
}
