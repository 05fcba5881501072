import DrydockTestSupport
import Testing

/// Tests with `arguments: EngineAvailability.runtimes()` leave out a runtime that is not here; these say so.
@Suite struct AvailabilityTests {
  @Test("Tests run in containers", .dockerEngine) func docker() async throws {
    let found = await EngineAvailability.docker()
    #expect(found.client != nil, "\(found.reason)")
  }

  @Test("Tests run natively", .nativeEngines) func native() async {
    #expect(await EngineAvailability.runtimes().contains("native"))
  }
}
