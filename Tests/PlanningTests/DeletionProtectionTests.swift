import Testing

@testable import AppState
@testable import DrydockBase
@testable import Planning

@Suite("Deletion protection")
struct DeletionProtectionTests {
  @Test("Data is not deleted until an up turned the protection off")
  func turnedOffByUp() throws {
    var app = PlannedApp()
    _ = try app.up(PlannedApp.manifest("postgres", "deletionProtection: true"))
    for names in [nil, ["db"]] {
      let error = try #require(throws: DrydockError.self) { try DeletionProtection.refuse(names, app.state) }
      #expect(error.code == .failed)
      #expect(error.message.contains("db"))
    }
    _ = try app.up(PlannedApp.manifest("postgres", ""))
    #expect(DeletionProtection.protected(in: app.state) == ["db"])
    _ = try app.up(PlannedApp.manifest("postgres", "deletionProtection: false"))
    try DeletionProtection.refuse(nil, app.state)
  }

  @Test("Only the named resources matter")
  func named() throws {
    var app = PlannedApp()
    _ = try app.up(
      "resources:\n  a: {type: mysql, options: {deletionProtection: true}}\n  b: {type: mysql}\n  c: {type: redis}\n"
    )
    try DeletionProtection.refuse(["b", "c"], app.state)
    #expect(throws: DrydockError.self) { try DeletionProtection.refuse(["b", "a"], app.state) }
  }

  @Test("One that leaves the manifest stays protected, and that is said")
  func removed() throws {
    var app = PlannedApp()
    _ = try app.up(PlannedApp.manifest("postgres", "deletionProtection: true"))
    let before = app.state
    let result = try app.up("services: {}\n")
    #expect(result.plan.items.map(\.action) == [.stop])
    #expect(DeletionProtection.notices(result.plan, before).count == 1)
    #expect(DeletionProtection.protected(in: app.state) == ["db"])
  }

  @Test("One that never served a client protects nothing")
  func neverServed() throws {
    var app = PlannedApp()
    _ = try app.up(PlannedApp.manifest("postgres", "deletionProtection: true"))
    app.state.resources["db"]?.dataVersion = nil
    try DeletionProtection.refuse(nil, app.state)
  }
}
