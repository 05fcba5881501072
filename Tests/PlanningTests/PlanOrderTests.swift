import Testing

@testable import AppState
@testable import DrydockBase
@testable import Planning

@Suite struct PlanOrderTests {
  private func item(_ name: String, _ action: Plan.Action, source: String? = nil) -> Plan.Item {
    Plan.Item(resource: name, type: "postgres", action: action, version: "15", reason: "", source: source)
  }

  private func waves(_ items: [Plan.Item], _ sources: [String: String] = [:]) throws -> [[String]] {
    let plan = Plan(runtime: .native, runtimeReason: "", items: items)
    return try PlanOrder(plan: plan, sources: sources).waves().map { $0.map { items[$0].resource } }
  }

  @Test func aReplicaComesAfterItsSource() throws {
    let items = [item("copy", .create, source: "main"), item("main", .start), item("other", .verify)]
    #expect(try waves(items) == [["main", "other"], ["copy"]])
    #expect(try waves([item("copy", .create, source: "main")]) == [["copy"]])
  }

  @Test func aPromotionComesAfterItsSourceToCatchUp() throws {
    let items = [item("copy", .promote), item("main", .start)]
    #expect(try waves(items, ["copy": "main"]) == [["main"], ["copy"]])
  }

  @Test func aSourceThatGoesWaitsForThePromotion() throws {
    let items = [item("copy", .promote), item("main", .stop)]
    #expect(try waves(items, ["copy": "main"]) == [["copy"], ["main"]])
  }

  @Test func aCycleIsRefused() throws {
    let error = try #require(throws: DrydockError.self) {
      _ = try waves([item("a", .create, source: "b"), item("b", .create, source: "a")])
    }
    #expect(error.message == "replicas of each other: a, b")
  }
}
