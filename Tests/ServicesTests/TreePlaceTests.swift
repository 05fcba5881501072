import Foundation
import Testing

@testable import Services

@Suite("The app's files at the image's path") struct TreePlaceTests {
  private let place = TreePlace(folder: "/home/me/app", path: "/app")

  @Test(arguments: [
    ("/app", true), ("/app/web.py", true), ("exec python /app/web.py --fast", true), ("APP=/app", true),
    ("/bin:/app/bin:/usr/bin", true), ("file:///app/db", true), ("http://app/db", false), ("'/app'", true),
    ("/srv/app", false),
    ("/apps", false), ("/app-2", false), ("x/app", false), ("../app/x", false), ("web.py", false),
    ("", false),
    ("/apps /app", true),
  ])
  func isNamed(_ text: String, _ isNamed: Bool) { #expect(place.isNamed(by: ["first", text]) == isNamed) }

  @Test func whereAFileLies() {
    #expect(place.onThisMachine("/app/bin/web") == "/home/me/app/bin/web")
    #expect(place.onThisMachine("/apps/web") == "/apps/web")
    #expect(place.onThisMachine("bin/web") == "bin/web")
  }

  @Test(arguments: [
    "/proc/app", "/dev/app", "/var/run/drydock-none", "/usr", "/etc", "/tmp/drydock-none/app",
  ])
  func systemFoldersStay(_ path: String) {
    #expect(TreePlace(folder: "/tmp", path: path).obstacle(besides: []) != nil)
  }

  @Test func whatIsMadeBesideItIsNotLost() throws {
    let path = NSHomeDirectory() + "/drydock-none"
    let reason = try #require(TreePlace(folder: "/tmp", path: path).obstacle(besides: []))
    #expect(reason.hasSuffix("beside it would be lost"), "\(reason)")
    #expect(TreePlace(folder: "/tmp", path: "/drydock-none").obstacle(besides: []) == nil)
  }
}
