import Foundation
import Testing

@testable import Servers

@Suite struct AppArmorTests {
  /// A machine of which only the files that tell of AppArmor exist.
  private func machine(enabled: String, files: [String]) throws -> (AppArmor, URL) {
    let root = FileManager.default.temporaryDirectory.appending(path: "drydock-apparmor-\(UUID().uuidString)")
    let contents = ["sys/module/apparmor/parameters/enabled": enabled]
      .merging(files.map { ($0, "") }) { first, _ in first }
    for (path, text) in contents {
      let file = root.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return (AppArmor(root: root.path), root)
  }

  @Test func namesTheCommandThatLetsAConfinedServerGo() throws {
    let (armour, root) = try machine(enabled: "Y\n", files: ["etc/apparmor.d/no.such.folder.mysqld"])
    defer { try? FileManager.default.removeItem(at: root) }
    let remedy = try #require(armour.remedy(for: "/no/such/folder/mysqld"))
    #expect(remedy.contains("apparmor_parser -R /etc/apparmor.d/no.such.folder.mysqld"))
    #expect(armour.remedy(for: "/no/such/folder/postgres") == nil)
  }

  @Test(arguments: [
    ("N\n", ["etc/apparmor.d/no.such.folder.mysqld"]),
    ("Y\n", ["etc/apparmor.d/no.such.folder.mysqld", "etc/apparmor.d/disable/no.such.folder.mysqld"]),
    ("Y\n", []),
  ])
  func aServerThatIsNotConfinedNeedsNothing(_ enabled: String, _ files: [String]) throws {
    let (armour, root) = try machine(enabled: enabled, files: files)
    defer { try? FileManager.default.removeItem(at: root) }
    #expect(armour.remedy(for: "/no/such/folder/mysqld") == nil)
  }
}
