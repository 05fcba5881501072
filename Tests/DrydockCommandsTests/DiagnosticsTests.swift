import Foundation
import Testing

@testable import DrydockCommands

@Suite struct DiagnosticsTests {
  @Test func anEventIsOneLineWhateverItHolds() {
    let line = Diagnostics.line(
      "cannot start\nERROR: forged", ["ms": "3", "container": "a\u{1B}[2J"], label: "drydock.docker",
      at: Date(timeIntervalSince1970: 0))
    #expect(line.hasSuffix(" drydock.docker: cannot start\\nERROR: forged container=a\\x1b[2J ms=3\n"))
    #expect(line.hasPrefix("00:00:00"))
  }
}
