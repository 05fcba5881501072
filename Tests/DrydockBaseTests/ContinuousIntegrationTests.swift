import DrydockBase
import Testing

/// What is made for the next time.
@Suite struct ContinuousIntegrationTests {
  @Test(
    "A machine that is used once, by the variable that says so",
    arguments: [
      ([:], false), (["CI": ""], false), (["CI": "0"], false), (["CI": "False"], false),
      (["CI": "true"], true), (["CI": "1"], true), (["CI": "woodpecker"], true),
    ] as [([String: String], Bool)])
  func continuousIntegration(_ environment: [String: String], _ expected: Bool) {
    #expect(environment.isContinuousIntegration == expected)
  }
}
