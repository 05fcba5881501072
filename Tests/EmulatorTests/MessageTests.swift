import ConvoxManifest
import Testing

@testable import DrydockBase
@testable import Emulator

/// What is cited in a message comes from a repository, an engine or a dump, and may hold line feeds.
@Suite struct MessageTests {
  private static let forged = "a\nERROR: forged\r\nWARNING: forged"

  @Test func noLineOfAnErrorIsSomebodyElses() {
    let text = DrydockError(.failed, Self.forged, suggestion: Self.forged, details: [Self.forged]).text
    #expect(text.split(whereSeparator: \.isNewline).dropFirst().allSatisfy { $0.hasPrefix("  ") })
    #expect(DrydockError(.failed, "initdb failed:\n  no space").text == "initdb failed:\n  | no space")
  }

  @Test func noLineOfADiagnosticIsSomebodyElses() {
    let place = SourceLocation(file: Self.forged, line: 1, column: 1)
    let text = Diagnostic(.error, at: place, Self.forged, suggestion: Self.forged).text
    #expect(text.split(whereSeparator: \.isNewline).count == 2)
    #expect(text.contains("\n  a\\nERROR"))
  }
}
