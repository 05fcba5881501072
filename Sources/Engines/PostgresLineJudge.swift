/// Decides which lines of a dump are about the server that it comes from.
struct PostgresLineJudge: Sendable {
  private let here: PostgresSurroundings
  /// Roles that the script makes itself.
  private var made: Set<String> = []
  private var settings: Set<String> = []
  private var absentRoles: Set<String> = []
  private var databases: Set<String> = []
  private var connections: Set<String> = []
  private var others: Set<String> = []

  init(here: PostgresSurroundings) { self.here = here }

  /// What was left out, a thing each.
  var remarks: [String] {
    var remarks = settings.sorted().map { "SET \($0), which this server does not know" }
    if !absentRoles.isEmpty {
      remarks.append("owners and grants of \(Self.list(absentRoles)), who are not here or not the app")
    }
    let names = databases.union(connections)
    if !names.isEmpty {
      remarks.append("the lines about database \(Self.list(names)): what is in it is in app")
    }
    return remarks + others.sorted()
  }

  private static func list(_ names: Set<String>) -> String { names.sorted().joined(separator: ", ") }

  /// Whether a line is one of those.
  /// - Throws: `ScriptRefusal` for the second database of a script.
  mutating func leavesOut(_ line: ArraySlice<UInt8>) throws -> Bool {
    if line.first == Ascii.backslash { return try leavesOutCommand(line) }
    guard let words = SQLWords.statement(line) else { return false }
    let texts = words.prefix(3).map { $0.isQuoted ? "" : $0.text } + ["", "", ""]
    switch (texts[0], texts[1]) {
    case ("set", "session") where texts[2] == "authorization", ("set", "role"):
      return leavesOutRole(words.last, unless: here.ownRoles)
    case ("set", let name): return leavesOutSetting(name)
    case ("create", "database"), ("alter", "database"), ("drop", "database"):
      return leavesOutDatabase(words.dropFirst(2).first { !$0.isWord("if") && !$0.isWord("exists") })
    case ("create", "role"), ("create", "user"): made.formUnion(words.dropFirst(2).prefix(1).map(\.text))
    case ("create", "schema") where here.hasPublic && words.count == 3 && words[2].text == "public":
      return leavesOut("CREATE SCHEMA public, which is there")
    case ("comment", "on"): return leavesOutComment(words)
    case ("alter", _): return leavesOutOwner(words)
    case ("grant", _), ("revoke", _): return leavesOutGrant(words)
    default: break
    }
    return false
  }

  /// Whether the lines behind this one are data.
  func beginsData(_ line: ArraySlice<UInt8>) -> Bool {
    guard let words = SQLWords.statement(line), words.first?.isWord("copy") == true else { return false }
    return words.suffix(2).map(\.text) == ["from", "stdin"]
  }

  private mutating func leavesOut(_ what: String) -> Bool {
    others.insert(what)
    return true
  }

  /// psql's own command to go to another database, which would leave the transaction.
  private mutating func leavesOutCommand(_ line: ArraySlice<UInt8>) throws -> Bool {
    let words = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard let verb = words.first, verb == "\\connect" || verb == "\\c", (2...3).contains(words.count),
      let last = words.last, !last.contains("`")
    else { return false }
    let name = last.split(separator: "=").last.map { $0.filter { !"'\";".contains($0) } } ?? ""
    connections.insert(name)
    guard connections.count < 2 else {
      throw ScriptRefusal(
        reason: "it holds several databases: \(Self.list(connections))",
        remedy: "dump the one that you want: pg_dump NAME")
    }
    return true
  }

  private mutating func leavesOutSetting(_ name: String) -> Bool {
    guard PostgresSurroundings.dumpSettings.contains(name), !here.settings.contains(name) else {
      return false
    }
    settings.insert(name)
    return true
  }

  private mutating func leavesOutDatabase(_ name: SQLWord?) -> Bool {
    guard let name else { return false }
    databases.insert(name.text)
    return true
  }

  private mutating func leavesOutComment(_ words: [SQLWord]) -> Bool {
    guard words.count > 3 else { return false }
    switch (words[2].text, words[3].text) {
    case ("database", let name):
      databases.insert(name)
      return true
    case ("extension", "plpgsql"): return leavesOut("the comment on plpgsql, which is not the app's")
    case ("schema", "public") where !here.ownsPublic:
      return leavesOut("the comment on schema public, which is not the app's")
    default: return false
    }
  }

  private mutating func leavesOutRole(_ role: SQLWord?, unless known: Set<String>) -> Bool {
    guard let role, !known.contains(role.text), !Self.speaking.contains(role.text) || role.isQuoted else {
      return false
    }
    absentRoles.insert(role.text)
    return true
  }

  /// Names of no role, or of whichever it is.
  private static let speaking: Set<String> = [
    "public", "current_user", "session_user", "current_role", "default", "none", "group", "admin", "option",
    "for",
  ]

  private mutating func leavesOutOwner(_ words: [SQLWord]) -> Bool {
    if words.count > 3, words[1].text == "default", words[2].text == "privileges" {
      let place = words.firstIndex { $0.isWord("for") }.map { $0 + 2 }
      if let place, place < words.count,
        leavesOutRole(words[place], unless: here.ownRoles)
      {
        return true
      }
      return leavesOutGrant(words)
    }
    guard words.count > 4, words[words.count - 3].isWord("owner"), words[words.count - 2].isWord("to") else {
      return false
    }
    return leavesOutRole(words.last, unless: here.ownRoles)
  }

  /// Rights on objects, and roles as members of others.
  private mutating func leavesOutGrant(_ words: [SQLWord]) -> Bool {
    let on = words.firstIndex { $0.isWord("on") }
    if let on, words.count > on + 2, words[on + 1].isWord("database") {
      return leavesOutDatabase(words[on + 2])
    }
    guard let to = words.lastIndex(where: { $0.isWord("to") || $0.isWord("from") }) else { return false }
    let ends = ["with", "granted", "cascade", "restrict"]
    let named = words[(to + 1)...].prefix { word in !ends.contains { word.isWord($0) } }
    let grantor = words[to...].firstIndex { $0.isWord("by") }.map { words[($0 + 1)...].prefix(1) } ?? []
    // Without ON these are roles too.
    let members = on == nil && !words[0].isWord("alter") ? words[1..<to] : []
    let known = here.roles.union(made)
    for role in named + grantor + members where role.text != "," {
      if leavesOutRole(role, unless: known) { return true }
    }
    return false
  }
}
