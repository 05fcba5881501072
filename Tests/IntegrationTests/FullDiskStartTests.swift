import DrydockTestSupport
import Foundation
import Testing

/// Starts in the background for which the disk has no room.
@Suite struct FullDiskStartTests {
  /// Bug: where the supervisor's record or its end found no room, the start waited to the end of its time or ended with the
  /// code of anything, and nobody named the disk.
  @Test(
    "A start in the background ends at once on a full disk, with 73 and the disk", .root,
    arguments: 0...7)
  func backgroundStart(_ pages: Int) async throws {
    let manifest = """
      services:
        web:
          command: sleep 600
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      try await app.withMount(["-o", "size=1m,mode=755"]) {
        // The instance is there, with what a start finds of it.
        try await app.up()
        let ballast = try await app.fillDisk(leaving: UInt64(pages * Int(getpagesize())))
        let start = try await app.drydock("start", "--detach", "--timeout", "600")
        #expect(start.status == 73, "\(start)")
        #expect(start.stderr.contains("No space left") && start.stderr.contains(app.home.path), "\(start)")
        #expect(start.stderr.contains("free some space"), "\(start)")
        try FileManager.default.removeItem(atPath: ballast)
        _ = try await app.drydock("stop")
      }
    }
  }
}
