import AppStateTestSupport
import Testing

@testable import AppState
@testable import Emulator
@testable import Servers

@Suite struct RenamedResourceTests {
  @Test func aRenamedResourceKeepsTheNameUnderWhichItsDataLies() {
    var state = AppStateTestSupport.state()
    state.resources["old"] = ResourceRecord(
      type: "memcached", administratorPassword: "", wantedVersion: "1.0", options: [:])
    state.rename("old", to: "new")
    #expect(state.storage(of: "new") == "old" && state.resources["old"] == nil)
    // A new one of the old name must not get the data.
    #expect(state.storage(of: "old") == "old-2")
    #expect(state.storage(of: "other") == "other")
    state.rename("new", to: "old")
    #expect(state.resources["old"]?.storageName == nil)
    #expect(ResourceNames(id: "i", state: state).volume("new") == "drydock-i-new")
  }
}
