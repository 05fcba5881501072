import Essentials
import HealthProbes

/// The zones of this machine as statements that fill the tables of a server of the MySQL family, which RDS has filled:
/// without them a zone has no name, and `CONVERT_TZ` gives NULL.
///
/// The servers' own loader reads the same files, copies of them with leap seconds too, makes a zone of each name, and leaves
/// out what a file does not spell out year by year.
package struct ZoneTables: Sendable {
  private var names: [(name: String, zone: Int)] = []
  private var zones: [ZoneFile] = []

  /// Where systems keep the database.
  private static let folders = [
    "/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo",
  ]
  /// The same zones again, without and with leap seconds.
  private static let copies: Set<String> = ["posix", "right"]
  /// The most bytes of rows in a statement: while they are initialised, servers take lines of 20,000.
  private static let width = 8000

  /// The zones of this machine.
  package init() { self.init(folders: Self.folders) }

  /// The zones of the first folder that has any.
  init(folders: [String]) {
    for folder in folders where names.isEmpty {
      var places: [Data: Int] = [:]
      for name in Self.files(in: folder) {
        guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)") else { continue }
        // Servers count from 1. Half of the names are others' over again.
        if let number = places[bytes] {
          names.append((name, number))
        } else if let zone = ZoneFile(Array(bytes)) {
          zones.append(zone)
          places[bytes] = zones.count
          names.append((name, zones.count))
        }
      }
    }
  }

  /// Names below a folder, three levels deep at most as `America/Argentina/Salta` is.
  private static func files(in folder: String, below prefix: String = "", depth: Int = 3) -> [String] {
    let found = FileManager.default.readableNames(in: "\(folder)/\(prefix)")
    return found.sorted().flatMap { name -> [String] in
      let path = prefix + name
      var info = stat()
      guard stat("\(folder)/\(path)", &info) == 0 else { return [] }
      guard info.st_mode & S_IFMT == S_IFDIR else { return [path] }
      return depth > 1 && !copies.contains(path) ? files(in: folder, below: path + "/", depth: depth - 1) : []
    }
  }

  /// The statements as a file that a server reads while it is initialised, one a line; empty where there are no zones.
  package var script: String { statements.map { $0 + ";\n" }.joined() }

  /// The statements. Names come last, so that tables with names are whole. None where there are no zones.
  var statements: [String] {
    guard !names.isEmpty else { return [] }
    // Without the locks MariaDB writes each statement out before the next, which takes three times as long.
    let locks = Self.tables.map { "mysql.\($0) WRITE" }.joined(separator: ", ")
    var statements = ["SET autocommit = 0", "LOCK TABLES \(locks)"]
    statements += Self.tables.map { "DELETE FROM mysql.\($0)" }
    statements += Self.insert(
      "time_zone", "Time_zone_id, Use_leap_seconds", rows { number, _ in ["(\(number),'N')"] })
    statements += Self.insert(
      "time_zone_transition_type", "Time_zone_id, Transition_type_id, `Offset`, Is_DST, Abbreviation",
      rows { number, zone in
        zone.kinds.enumerated().map { place, kind in
          let name = MySQLSQL.quoteLiteral(kind.abbreviation)
          return "(\(number),\(place),\(kind.offset),\(kind.isDaylight ? 1 : 0),\(name))"
        }
      })
    statements += Self.insert(
      "time_zone_transition", "Time_zone_id, Transition_time, Transition_type_id",
      rows { number, zone in zone.transitions.map { "(\(number),\($0.time),\($0.kind))" } })
    statements += Self.insert(
      "time_zone_name", "Name, Time_zone_id",
      names.map { "(\(MySQLSQL.quoteLiteral($0.name)),\($0.zone))" })
    return statements + ["COMMIT", "UNLOCK TABLES", "SET autocommit = 1"]
  }

  /// The statements for a server that runs. Truncating mends a table that a crash has damaged; MariaDB, which does not write
  /// locked tables out at once, has no such table afterwards.
  var refilling: [String] {
    Self.tables.map { "TRUNCATE TABLE mysql.\($0)" } + statements
      + ["FLUSH LOCAL TABLES " + Self.tables.map { "mysql.\($0)" }.joined(separator: ", ")]
  }

  private static let tables = [
    "time_zone_name", "time_zone", "time_zone_transition_type", "time_zone_transition",
  ]

  /// What is said of each zone by its number, from 1.
  private func rows(_ each: (Int, ZoneFile) -> [String]) -> [String] {
    zones.enumerated().flatMap { each($0.offset + 1, $0.element) }
  }

  private static func insert(_ table: String, _ columns: String, _ rows: [String]) -> [String] {
    var statements: [String] = []
    var batch: [String] = []
    var length = 0
    func end() {
      guard !batch.isEmpty else { return }
      statements.append("INSERT INTO mysql.\(table) (\(columns)) VALUES \(batch.joined(separator: ","))")
      (batch, length) = ([], 0)
    }
    for row in rows {
      if length + row.utf8.count > width { end() }
      batch.append(row)
      length += row.utf8.count + 1
    }
    end()
    return statements
  }
}
