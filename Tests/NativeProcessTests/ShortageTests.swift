import DrydockBase
import Testing

@testable import NativeProcess

@Suite struct ShortageTests {
  @Test func shortagesOfTheLeavesAreToldAsSuch() {
    let error = DrydockError(NativeProcessError(.shortage(24), "full", suggestion: "more"), resource: "db")
    #expect(error.isShortage && error.code == .failed && error.suggestion == "more")
  }
}
