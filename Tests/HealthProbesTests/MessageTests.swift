import ConvoxManifest
import Testing

@testable import DrydockBase
@testable import HealthProbes

/// What is cited in a message comes from a repository, an engine or a dump, and may hold line feeds.
@Suite struct MessageTests {
  private static let forged = "a\nERROR: forged\r\nWARNING: forged"

  @Test func noLineOfAnErrorIsSomebodyElses() {
    let text = DrydockError(.failed, Self.forged, suggestion: Self.forged, details: [Self.forged]).text
    #expect(text.split(whereSeparator: \.isNewline).dropFirst().allSatisfy { $0.hasPrefix("  ") })
    #expect(DrydockError(.failed, "initdb failed:\n  no space").text == "initdb failed:\n  | no space")
  }

  /// Bug: a statement that a replica refused was a fault of drydock's own, 70.
  @Test(arguments: [
    ("The MySQL server is running with the --read-only option", DrydockError.Code.failed),
    ("could not extend file: No space left on device", .cannotWrite),
  ])
  func whatAServerRefusesIsToldInItsWords(_ words: String, _ code: DrydockError.Code) {
    let refusal = StatementError(
      code: "1290", message: words, index: 1, target: ProbeTarget(port: 15001), secrets: [])
    let error = DrydockError(refusal, resource: "orders-copy")
    #expect(error.code == code)
    #expect(error.message.hasPrefix("resource orders-copy: ") && error.message.contains("\(words) (1290)"))
  }

  @Test func noLineOfADiagnosticIsSomebodyElses() {
    let place = SourceLocation(file: Self.forged, line: 1, column: 1)
    let text = Diagnostic(.error, at: place, Self.forged, suggestion: Self.forged).text
    #expect(text.split(whereSeparator: \.isNewline).count == 2)
    #expect(text.contains("\n  a\\nERROR"))
  }
}
