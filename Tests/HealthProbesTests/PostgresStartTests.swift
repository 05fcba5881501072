import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

@testable import HealthProbes

/// What PostgreSQL says of its own start in `postmaster.pid`.
struct PostgresStartTests {
  private func write(_ status: String, in folder: String) throws {
    let lines = ["4711", folder, "1795752004", "15432", "/run", "127.0.0.1", " 1 2", status]
    try (lines.joined(separator: "\n") + "\n").write(
      toFile: "\(folder)/postmaster.pid", atomically: true, encoding: .utf8)
  }

  @Test func aStartIsWaitedFor() async throws {
    try await withTestFolder { url in
      let folder = url.path
      try write("starting", in: folder)
      await #expect(throws: ProbeFailure.starting(message: "it says that it is starting")) {
        try await PostgresStart(dataFolder: folder).ended(until: .after(.milliseconds(30)))
      }
      async let ended: Void = PostgresStart(dataFolder: folder).ended(until: .after(.seconds(20)))
      try write("ready   ", in: folder)
      try await ended
    }
  }

  /// Its lines are written one after the other, and it listens before the last.
  @Test(arguments: [1, 5, 7])
  func aFileThatIsBeingWrittenIsWaitedFor(lines: Int) async throws {
    try await withTestFolder { url in
      let folder = url.path
      let file = "\(folder)/postmaster.pid"
      try write("starting", in: folder)
      let whole = try String(contentsOfFile: file, encoding: .utf8)
      let part = whole.split(separator: "\n").prefix(lines).map { "\($0)\n" }.joined()
      try part.write(toFile: file, atomically: true, encoding: .utf8)
      var start = PostgresStart(dataFolder: folder, patience: .seconds(600))
      await #expect(throws: ProbeFailure.starting(message: "it says that it is starting")) {
        try await start.ended(until: .after(.milliseconds(30)))
      }
      // Versions before 10 write no more than that.
      start.patience = .zero
      try await start.ended(until: .after(.seconds(20)))
    }
  }

  @Test(arguments: ["ready   ", "standby ", "stopping", ""])
  func anythingElseLeavesTheWordToTheLogin(_ status: String) async throws {
    try await withTestFolder { url in
      let folder = url.path
      try write(status, in: folder)
      try await PostgresStart(dataFolder: folder).ended(until: .after(.seconds(20)))
    }
  }

  @Test func aMissingFileALinkAndAPipeAreNotWaitedFor() async throws {
    try await withTestFolder { url in
      let folder = url.path
      let start = PostgresStart(dataFolder: "\(folder)/data")
      try await start.ended(until: .after(.seconds(20)))
      try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: false)
      try write("starting", in: folder)
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder)/data/postmaster.pid", withDestinationPath: "\(folder)/postmaster.pid")
      try await start.ended(until: .after(.seconds(20)))
      try FileManager.default.removeItem(atPath: "\(folder)/data/postmaster.pid")
      #expect(mkfifo("\(folder)/data/postmaster.pid", 0o600) == 0)
      try await start.ended(until: .after(.seconds(20)))
    }
  }
}
