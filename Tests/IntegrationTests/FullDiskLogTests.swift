import DrydockTestSupport
import Foundation
import Testing

/// Services whose log finds no room.
@Suite struct FullDiskLogTests {
  @Test("What a full disk cost of a service's log is counted, and said once there is room", .root)
  func lostLines() async throws {
    let manifest = """
      services:
        web:
          command: sh much.sh
      """
    try await withApp(manifest, AppOptions(runtime: "native")) { app in
      let script = """
        while [ ! -e begin ]; do sleep 0.1; done
        i=0
        while [ $i -lt 40000 ]; do i=$((i+1)); echo "\(String(repeating: "x", count: 100))"; done
        : >filled
        while [ ! -e go ]; do sleep 0.1; done
        echo after; exec sleep 600
        """
      try app.write(script, to: "much.sh")
      try await app.withMount(["-o", "size=3m,mode=755"]) {
        let ballast = app.home.appending(path: "ballast")
        try Data(count: 3 << 19).write(to: ballast)
        let started = try await app.drydock("start", "--detach")
        try #require(started.status == 0, "\(started)")
        // What a start writes down has room.
        try app.write("", to: "begin")
        // The service never waits for its log.
        try await eventually("all lines") {
          FileManager.default.fileExists(atPath: app.folder.appending(path: "filled").path)
        }
        try FileManager.default.removeItem(at: ballast)
        try app.write("", to: "go")
        let home = app.home.path(percentEncoded: false)
        try await eventually("the word of what was lost") {
          try await app.program("grep", "-rahE", "s [0-9]+ lines were lost: No space left on device", home)
            .status == 0
        }
        _ = try await app.drydock("stop")
      }
    }
  }
}
