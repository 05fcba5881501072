import AppStateTestSupport
import Engines
import Foundation
import ServersTestSupport
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Planning
@testable import Servers

@Suite struct PlannerTests {
  private func plan(
    _ specs: [ResourceSpec], selected: Set<String>? = nil, state: InstanceState = AppStateTestSupport.state(),
    observed: [String: Observation] = [:], ports: [String: Int] = [:]
  ) throws -> Plan {
    try Planner.plan(
      specs, selected: selected, state: state, observed: observed, runtime: (.native, "asked for"),
      ports: ports)
  }

  private func known(_ names: [String], type: String = "memcached") -> InstanceState {
    var state = AppStateTestSupport.state()
    for name in names {
      var record = ResourceRecord(
        type: type, administratorPassword: "", wantedVersion: "1.0", options: [:])
      record.port = 15001
      state.resources[name] = record
    }
    return state
  }

  @Test(
    arguments: [
      (nil, .create, "new"),
      (Observation(.absent), .create, "new"),
      (Observation(.absent, hasData: true), .start, "its data exists"),
      (Observation(.stopped, hasData: true), .start, "stopped"),
      (Observation(.crashed("signal 9"), hasData: true), .start, "it crashed: signal 9"),
      (Observation(.running(since: nil), hasData: true), .verify, "already running"),
      (Observation(.running(since: .now)), .verify, "already running"),
      (
        Observation(.running(since: .now), isStopping: true), .start, "it was told to stop, and is waited for"
      ),
    ] as [(Observation?, Plan.Action, String)])
  func whatIsDoneFollowsFromWhatIsSeen(
    _ observed: Observation?, _ action: Plan.Action, _ reason: String
  ) throws {
    let item = try plan(
      [fake("mem")], state: known(["mem"]), observed: observed.map { ["mem": $0] } ?? [:]
    ).items.first
    #expect(item?.action == action)
    #expect(item?.reason == reason)
    #expect(item?.port == 15001)
    #expect(item?.version == "1.0")
  }

  @Test func aRunningServerMovesToAPortOfTheUsers() throws {
    let running = ["mem": Observation(.running(since: nil), hasData: true)]
    let moved = try plan([fake("mem")], state: known(["mem"]), observed: running, ports: ["mem": 16000])
    #expect(moved.items.first?.action == .start)
    #expect(moved.items.first?.reason == "moves to port 16000")
    #expect(moved.items.first?.port == 16000)
    let same = try plan([fake("mem")], state: known(["mem"]), observed: running, ports: ["mem": 15001])
    #expect(same.items.first?.action == .verify)
  }

  /// Bug: a volume or folder that somebody else had removed was made anew without a word.
  @Test(
    arguments: [
      Observation(.absent), Observation(.stopped), Observation(.crashed("signal 9")),
    ])
  func dataThatIsGoneIsMadeAnewAndSaid(_ observed: Observation) throws {
    var state = known(["db"], type: "postgres")
    state.resources["db"]?.dataVersion = "15.1"
    let wanted = try specs("resources:\n  db: { type: postgres, options: { version: 15 } }\n")
    let plan = try plan(wanted, state: state, observed: ["db": observed])
    #expect(plan.items.first?.action == .create)
    #expect(plan.items.first?.reason == "its data is gone, and is made anew")
  }

  @Test func whatRunsWithoutItsDataIsMadeAnew() throws {
    var orphan = Observation(.running(since: nil))
    orphan.isOrphaned = true
    let plan = try plan([fake("mem")], state: known(["mem"]), observed: ["mem": orphan])
    #expect(plan.items.first?.action == .create)
  }

  @Test func aServerWhoseRestartWasInterruptedIsRestarted() throws {
    var state = known(["mem"])
    state.resources["mem"]?.isRestarting = true
    let item = try plan(
      [fake("mem")], state: state, observed: ["mem": Observation(.running(since: nil), hasData: true)]
    ).items.first
    #expect(item?.action == .start)
    #expect(item?.reason == "its restart was interrupted")
  }

  @Test func whatRunsElsewhereIsExternalWhateverIsSeen() throws {
    var spec = fake("mem")
    spec.externalURL = "mem:11211"
    let item = try plan(
      [spec], state: known(["mem"]), observed: ["mem": Observation(.running(since: nil))]
    ).items.first
    #expect(item?.action == .external)
    #expect(item?.port == nil)
  }

  @Test func aSharedDirectoryIsADirectory() throws {
    let item = try plan(try specs("resources:\n  files: { type: efs }\n")).items.first
    #expect(item?.action == .directory)
    #expect(item?.port == nil)
  }

  @Test func theManifestsOrderIsKeptAndRemovedOnesFollow() throws {
    let plan = try plan([fake("z"), fake("a")], state: known(["old2", "a", "old1"]))
    #expect(plan.items.map(\.resource) == ["z", "a", "old1", "old2"])
    #expect(plan.items.map(\.action) == [.create, .create, .stop, .stop])
    #expect(plan.runtime == .native)
    #expect(plan.runtimeReason == "asked for")
  }

  @Test func whatWasRemovedBeforeIsNotStoppedAgain() throws {
    var state = known(["old"])
    state.resources["old"]?.isRemoved = true
    #expect(try plan([], state: state).items.isEmpty)
  }

  @Test func aSelectionLeavesTheRestAsItIs() throws {
    let plan = try plan([fake("a"), fake("b"), fake("c")], selected: ["b"], state: known(["old"]))
    #expect(plan.items.map(\.resource) == ["b"])
  }

  @Test(arguments: [
    Observation(.stopped, hasData: true), Observation(.absent, hasData: true),
    Observation(.running(since: nil)), Observation(.crashed("x"), hasData: true),
  ])
  func dataOfAnotherTypeIsNotTouched(_ observed: Observation) async throws {
    let error = try await emulatorError {
      _ = try plan([fake("db")], state: known(["db"], type: "postgres"), observed: ["db": observed])
    }
    #expect(error.code == .dataMismatch)
    #expect(error.message == "resource db holds data of type postgres, and the manifest now says memcached")
    #expect(error.suggestion?.contains("drydock down db --delete-data") == true)
  }

  @Test func withoutDataTheTypeMayChange() throws {
    let state = known(["db"], type: "postgres")
    #expect(try plan([fake("db")], state: state).items.first?.action == .create)
    // One that is not selected is nobody's concern now.
    let observed = ["db": Observation(.stopped, hasData: true)]
    #expect(
      try plan([fake("db"), fake("x")], selected: ["x"], state: state, observed: observed).items.count == 1)
  }

  @Test func aPlanIsPlainJSON() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let plan = try plan([fake("mem")])
    let text = String(decoding: try encoder.encode(plan), as: UTF8.self)
    #expect(
      text == """
        {"items":[{"action":"create","changes":[],"reason":"new","resource":"mem","type":"memcached","version":"1.0"}],\
        "runtime":"native","runtimeReason":"asked for"}
        """)
    #expect(try JSONDecoder().decode(Plan.self, from: Data(text.utf8)) == plan)
  }
}
