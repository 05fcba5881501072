/// Decides what becomes of the statements of a dump that are about the server which it comes from.
struct MySQLStatementJudge: Sendable {
  enum Verdict: Hashable {
    /// It is carried out; in its place this.
    case statement([UInt8])
    /// The same, of a setting, which may come before what waits.
    case setting([UInt8])
    /// It is left out.
    case nothing
    /// It makes or removes a database: left out where the script then goes to that database.
    case database
    /// It goes to a database, which is the app's here; what made that one is left out with it.
    case useOfDatabase
  }

  private let here: MySQLSurroundings
  private var databases: Set<String> = []
  private var isAppDropped = false
  private var waitingName: String?
  private var leftOut: Set<String> = []
  private var collations: [String: String] = [:]

  init(here: MySQLSurroundings) { self.here = here }

  /// What was left out or changed, a thing each.
  var remarks: [String] {
    let others = databases.subtracting([EngineAccounts.app]).sorted()
    return leftOut.sorted()
      + others.map { "the lines about database \($0): what is in it is in app" }
      + collations.keys.sorted().map {
        "collation \($0), which this server does not know: \(collations[$0] ?? "") in its place"
      }
  }

  /// - Throws: `ScriptRefusal` for the second database of a script, and for one of the server's own.
  mutating func verdict(on statement: [UInt8]) throws -> Verdict {
    let words = MySQLWords.all(statement)
    let texts = words.prefix(2).map { $0.isQuoted ? "" : $0.text } + ["", ""]
    switch (texts[0], texts[1]) {
    case ("set", _):
      if words.contains(where: { Self.reserved.contains($0.text) && !$0.isQuoted }) {
        leftOut.insert("SET of the binary log and its positions, which is the administrator's on RDS too")
        return .nothing
      }
      return .setting(renamed(statement, words))
    case ("change", "master"), ("change", "replication"):
      leftOut.insert("the replication's position")
      return .nothing
    case ("use", _): return try use(words, statement)
    case (_, "database"), (_, "schema"): return database(words, statement)
    default: return .statement(renamed(statement, words))
    }
  }

  /// Variables that RDS's master user may not set.
  private static let reserved: Set<String> = [
    "sql_log_bin", "gtid_purged", "gtid_slave_pos", "gtid_binlog_state",
  ]

  private mutating func use(_ words: [MySQLWord], _ statement: [UInt8]) throws -> Verdict {
    guard words.count > 1 else { return .statement(statement) }
    let name = words[1].text
    databases.insert(name)
    guard databases.count < 2 else { throw several }
    guard !Self.own.contains(name) else { throw several }
    if name == EngineAccounts.app { return .statement(statement) }
    defer { waitingName = nil }
    guard let waitingName, waitingName != name else { return .useOfDatabase }
    return .statement(statement.filter { $0 == Ascii.newline })
  }

  /// The server's own databases.
  private static let own = ["mysql", "sys", "information_schema", "performance_schema"]

  private var several: ScriptRefusal {
    ScriptRefusal(
      reason: "it holds a whole server, or several databases: "
        + databases.sorted().joined(separator: ", "),
      remedy: "dump the one that you want: mysqldump NAME")
  }

  private mutating func database(_ words: [MySQLWord], _ statement: [UInt8]) -> Verdict {
    let name = words.dropFirst(2).first { word in
      word.isQuoted || !["if", "not", "exists"].contains(word.text)
    }
    guard let name = name?.text else { return .statement(statement) }
    if name == EngineAccounts.app {
      if words[0].text == "drop" { isAppDropped = true }
      return words[0].text == "create" && !isAppDropped ? .nothing : .statement(renamed(statement, words))
    }
    if words[0].text == "alter" {
      return databases.contains(name) ? .nothing : .statement(renamed(statement, words))
    }
    waitingName = name
    return .database
  }

  /// The statement with collations that this server has.
  private mutating func renamed(_ statement: [UInt8], _ words: [MySQLWord]) -> [UInt8] {
    var changed = statement
    for (index, word) in words.enumerated().reversed() where isCollation(index, words) {
      guard let other = here.substitute(for: word.text) else { continue }
      collations[word.text] = other
      changed.replaceSubrange(word.place, with: Array(other.utf8))
    }
    return changed
  }

  /// Whether a word stands where a collation is named.
  private func isCollation(_ index: Int, _ words: [MySQLWord]) -> Bool {
    guard index > 0 else { return false }
    let before = words[index - 1]
    if !before.isQuoted, before.text == "collate" { return true }
    guard index > 1, before.text == "=", !words[index - 2].isQuoted else { return false }
    let name = words[index - 2].text
    return name == "collate" || name.hasPrefix("collation_")
  }
}
