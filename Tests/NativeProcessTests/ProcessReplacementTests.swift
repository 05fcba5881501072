import Foundation
import Testing

@testable import NativeProcess

@Suite("The environment of a program that takes this one's place")
struct ProcessReplacementTests {
  private func entry(_ text: String) -> [CChar] { Array(text.utf8CString) }

  @Test func itIsTheCallersWithWhatIsAddedAndWithoutWhatIsHidden() {
    var replacement = ProcessReplacement(program: "psql", words: ["psql"])
    replacement.hidden = ["PGSERVICE"]
    replacement.variables = ["PGHOST": "127.0.0.1", "NEW": "a=b", "": "x", "PATH=/evil:": "x"]
    replacement.restored = [entry("PGTZ=UTC"), entry("PGHOST=elsewhere")]
    // Neither text nor with a value at all: such entries are the caller's business.
    let odd = [CChar(bitPattern: 0x58), CChar(bitPattern: 0x3d), CChar(bitPattern: 0xff), 0]
    let found = replacement.environment(
      from: [entry("PATH=/bin"), odd, entry("PGSERVICE=x"), entry("NEW=old"), entry("NOVALUE")])
    #expect(
      found == [
        entry("PATH=/bin"), odd, entry("NOVALUE"), entry("PGTZ=UTC"), entry("NEW=a=b"),
        entry("PGHOST=127.0.0.1"),
      ])
  }
}
