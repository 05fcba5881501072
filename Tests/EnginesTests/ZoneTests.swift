import Foundation
import Testing

@testable import Engines

/// Time zones by name, for servers of the MySQL family.
@Suite struct ZoneTests {
  /// A file with one change in 2000, and a rule for what comes after.
  private static func file(rule: String, version: String = "2") -> [UInt8] {
    func number(_ value: Int, _ size: Int) -> [UInt8] {
      (0..<size).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
    func block(_ timeSize: Int) -> [UInt8] {
      var bytes = Array("TZif\(version)".utf8)
      bytes += [UInt8](repeating: 0, count: 15)
      for count in [0, 0, 0, 1, 2, 9] { bytes += number(count, 4) }
      bytes += number(946_684_800, timeSize)
      // The change's kind; each kind's offset, whether it is daylight time, and where its name begins.
      bytes.append(0)
      bytes += number(3600, 4)
      bytes += [0, 0]
      bytes += number(7200, 4)
      bytes += [1, 4]
      bytes += Array("CET\0CEST\0".utf8)
      return bytes
    }
    guard version == "2" else { return block(4) }
    return block(4) + block(8) + Array("\n\(rule)\n".utf8)
  }

  private static let berlin = "CET-1CEST,M3.5.0,M10.5.0/3"

  @Test(
    "A rule's changes are those of the clocks",
    arguments: [
      (berlin, [1_711_846_800, 1_729_990_800], [7200, 3600]),
      ("EST5EDT,M3.2.0,M11.1.0", [1_710_054_000, 1_730_613_600], [-14_400, -18_000]),
      ("AEST-10AEDT,M10.1.0,M4.1.0/3", [1_712_419_200, 1_728_144_000], [36_000, 39_600]),
      ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", [1_711_846_800, 1_729_990_800], [-3600, -7200]),
      // 1 March, and the 60th day of a leap year.
      ("A0B,J60,300", [1_709_258_400], [3600]), ("A0B,59,300", [1_709_172_000], [3600]),
    ])
  func rules(_ text: String, _ times: [Int], _ offsets: [Int]) throws {
    let rule = try #require(ZoneRule(text))
    let begin = 1_704_067_200
    let changes = rule.changes(after: begin, through: 2024).prefix(times.count)
    #expect(changes.map(\.time) == times)
    #expect(changes.map(\.kind.offset) == offsets)
  }

  @Test(
    "What is no rule of clocks that change is none",
    arguments: ["", "CET-1", "CET-1CEST", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.5.0", "<+03-3", "8"])
  func noRules(_ text: String) {
    #expect(ZoneRule(text) == nil)
  }

  @Test("A file ends where its rule begins: the years to 2037 are spelled out")
  func extended() throws {
    let zone = try #require(ZoneFile(Self.file(rule: Self.berlin)))
    #expect(zone.kinds.map(\.abbreviation) == ["CET", "CEST"])
    #expect(zone.transitions.first == ZoneFile.Transition(time: 946_684_800, kind: 0))
    #expect(zone.transitions.contains(ZoneFile.Transition(time: 1_711_846_800, kind: 1)))
    #expect(zone.transitions.count == 1 + 2 * 38)
    #expect(zip(zone.transitions, zone.transitions.dropFirst()).allSatisfy { $0.time < $1.time })
    #expect(try #require(ZoneFile(Self.file(rule: ""))).transitions.count == 1)
    #expect(try #require(ZoneFile(Self.file(rule: "", version: "\0"))).transitions.count == 1)
  }

  @Test("A file that was cut is none, wherever that was")
  func cut() {
    let whole = Self.file(rule: "")
    for length in 0..<whole.count - 2 { #expect(ZoneFile(Array(whole.prefix(length))) == nil) }
  }

  @Test("Each zone is there once, under all of its names, without the copies that are beside it")
  func tables() throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "drydock-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    func write(_ bytes: [UInt8], _ name: String) throws {
      let url = URL(filePath: "\(root)/\(name)")
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
    }
    try write(Self.file(rule: Self.berlin), "Europe/Berlin")
    try write(Self.file(rule: Self.berlin), "posix/Europe/Berlin")
    try write(Self.file(rule: Self.berlin), "Local")
    try write(Self.file(rule: ""), "America/Argentina/Salta")
    try write(Array("a table of zones".utf8), "zone.tab")
    let tables = ZoneTables(folders: ["\(root)/none", root])
    let names = "VALUES ('America/Argentina/Salta',1),('Europe/Berlin',2),('Local',2)"
    #expect(
      tables.statements.dropLast(3).last == "INSERT INTO mysql.time_zone_name (Name, Time_zone_id) \(names)")
    #expect(
      tables.statements.contains(
        "INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1,'N'),(2,'N')"))
    #expect(tables.refilling.first == "TRUNCATE TABLE mysql.time_zone_name")
    #expect(tables.refilling.last?.hasPrefix("FLUSH LOCAL TABLES mysql.time_zone_name, ") == true)
    #expect(ZoneTables(folders: ["\(root)/none"]).script.isEmpty)
  }

  @Test("This machine's zones fit the lines that a server takes while it is made")
  func machine() {
    let lines = ZoneTables().script.split(separator: "\n")
    #expect(lines.allSatisfy { $0.utf8.count < 20_000 && $0.hasSuffix(";") })
  }

  @Test("New data has time zones, whether the tool takes statements or not", arguments: [true, false])
  func installed(_ takesStatements: Bool) throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "drydock-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    func write(_ text: String, _ name: String) throws -> String {
      try text.write(toFile: "\(root)/\(name)", atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: "\(root)/\(name)")
      return "\(root)/\(name)"
    }
    let log = "\(root)/log"
    var found = installation("10.11.19-MariaDB", version: try #require(.of("10.11.19")))
    found.tools["install"] = try write(
      takesStatements
        ? "#!/bin/sh\nfor word; do case $word in --extra-file=*) cat \"${word#*=}\" >>\(log) ;; esac; done\n"
        : "#!/bin/sh\necho installed >>\(log)\n", "install")
    found.server = try write("#!/bin/sh\necho \"$1 $2\" >>\(log)\ncat >>\(log)\n", "server")
    let places = NativeFolders(folder: root, data: "\(root)/data", sockets: root)
    _ = try write("SELECT 'zones';\n", NativeFolders.timeZonesName)
    let recipe = try #require(server("mariadb")).native(request(), found, places)
    #expect(recipe.wantsTimeZones)
    let command = try #require(recipe.initialise.first)
    let process = Process()
    process.executableURL = URL(filePath: command.executable)
    process.arguments = command.arguments
    process.environment = ["PATH": "/usr/bin:/bin", "TMPDIR": root]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let before = takesStatements ? "" : "installed\n--no-defaults --bootstrap\n"
    #expect(try String(contentsOfFile: log, encoding: .utf8) == before + "SELECT 'zones';\n")
  }
}
