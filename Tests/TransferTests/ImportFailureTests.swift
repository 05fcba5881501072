import DrydockBase
import Engines
import Servers
import Testing

@testable import Transfer

/// What is said of an import that failed.
@Suite struct ImportFailureTests {
  private let space = "free some space over there"

  /// Bug: exit code 1, and nothing about the disk.
  @Test("A full disk is told as one, with what is left of the import")
  func fullDisk() {
    let ending = ClientEnding(
      exitCode: 2,
      error: """
        ERROR:  could not extend file "base/13578/24576": No space left on device
        psql:<stdin>:128465: error: connection to server was lost
        """)
    let lost = ImportFailure(line: 128465, message: "connection to server was lost", remedy: "none")
    for failure in [nil, lost] {
      let error = ToolDump.failure(of: "db", ending, at: failure, leaves: "nothing was changed", space: space)
      #expect(error.code == .cannotWrite && error.suggestion == "\(space); nothing was changed")
      #expect(error.details.count == 2)
    }
  }

  @Test("Where the tool says only that the server is gone, the server's log tells of the disk")
  func serverThatIsGone() {
    let ending = ClientEnding(exitCode: 2, error: "psql: error: connection to server was lost")
    let log = ["LOG:  x", "FATAL:  could not write to file \"pg_wal/xlogtemp.16\": No space left on device"]
    let error = ToolDump.failure(
      of: "db", ending, at: nil, log: log, leaves: "nothing was changed", space: space)
    #expect(error.code == .cannotWrite && error.suggestion == "\(space); nothing was changed")
  }

  @Test("Anything else has its own remedy")
  func others() {
    let ending = ClientEnding(exitCode: 3, error: "ERROR: relation exists")
    let failure = ImportFailure(line: 7, message: "relation exists", remedy: "replace it")
    let error = ToolDump.failure(of: "db", ending, at: failure, leaves: "nothing was changed", space: space)
    #expect(error.code == .failed && error.suggestion == "replace it; nothing was changed")
    #expect(error.message == "resource db: the import failed at line 7: relation exists")
    let plain = ToolDump.failure(of: "db", ending, at: nil, leaves: "nothing was changed", space: space)
    #expect(plain.message == "resource db: the import failed (exit code 3)")
    #expect(plain.suggestion == "nothing was changed")
  }
}
