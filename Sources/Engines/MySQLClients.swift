import DrydockBase

/// How the own clients of the MySQL family are run.
struct MySQLClients {
  let place: ClientPlace

  /// The only options file that is read, so that nobody's own sends a client elsewhere. MySQL's clients would warn
  /// of an option that only MariaDB's know, even of a loose one; its group is not read by them.
  private var options: RecipeFile {
    RecipeFile(
      "\(place.folder)/client.cnf",
      """
      [client]
      \(address)
      user=\(EngineAccounts.app)
      password="\(Self.escape(place.password))"
      default-character-set=utf8mb4

      \(Self.anyCertificate.joined(separator: "\n"))

      """)
  }

  /// MariaDB's clients ask for a certificate of a known authority from 11.4 on.
  static let anyCertificate = ["[client-mariadb]", "loose-skip-ssl-verify-server-cert"]

  private var address: String {
    place.socket.map { "protocol=socket\nsocket=\"\(Self.escape($0))\"" }
      ?? "protocol=tcp\nhost=127.0.0.1\nport=\(place.port)"
  }

  /// Inside of an option file's quotes.
  static func escape(_ text: String) -> String {
    text.replacingExactly("\\", with: "\\\\").replacingExactly("\"", with: "\\\"")
      .replacingExactly("\n", with: "\\n").replacingExactly("\r", with: "\\r")
  }

  private func recipe(_ tool: String, _ arguments: [String]) -> ClientRecipe {
    ClientRecipe(
      tool, ["--defaults-file=\(options.path)"] + arguments + [EngineAccounts.app], files: [options])
  }

  /// Arguments of the user's stand before the database's name here, which the clients take as well.
  var console: ClientRecipe {
    ClientRecipe(
      "client", ["--defaults-file=\(options.path)", "--database=\(EngineAccounts.app)"], files: [options])
  }

  /// The family commits at every change of a schema, so an import that fails leaves what came before it.
  var transfer: ToolTransfer {
    let session = MySQLImport.newMark()
    return ToolTransfer(
      export: recipe(
        "dump",
        [
          "--single-transaction", "--routines", "--triggers", "--events", "--hex-blob", "--no-tablespaces",
          "--max-allowed-packet=1G", "--loose-set-gtid-purged=OFF",
        ]),
      load: recipe("client", Self.load(session) + ["--local-infile=0"]),
      trustingLoad: recipe("client", Self.load(session)),
      filters: { _, server in [MySQLScript(here: try await MySQLSurroundings.of(server))] },
      preparation: { try await MySQLImport.prepare($0, session: session) },
      marks: DumpMarks(starts: ["-- MySQL dump", "-- MariaDB dump"], end: "-- Dump completed"),
      clearing: "DROP DATABASE IF EXISTS app; CREATE DATABASE app CHARACTER SET utf8mb4; USE app;\n",
      failure: Self.failure)
  }

  /// In binary mode the clients know none of their own commands but DELIMITER, so that a script names no program and no
  /// file. `LOAD DATA LOCAL` is the server's question for a file, which they refuse where they are told so.
  private static func load(_ session: String) -> [String] {
    [
      "--batch", "--binary-mode", "--max-allowed-packet=1G",
      "--init-command=\(MySQLImport.marking(session))",
    ]
  }

  @Sendable private static func failure(_ text: String) -> ImportFailure? {
    let plain = text.replacing(/ERROR \d+ \([0-9A-Z]+\) at/, with: "ERROR at")
    var failure = ImportFailure.first(in: plain) { /ERROR at line (\d+): ([^\n]*)/ }
    let code = text.firstMatch(of: /ERROR (\d+) \([0-9A-Z]+\) at/).flatMap { Int($0.output.1) }
    failure?.remedy = code.flatMap { remedies[$0] }
    let message = failure?.message ?? ""
    if message.hasPrefix("Unknown command") || code == 1064 && message.contains(clientWords) {
      failure?.remedy = noCommands
    }
    if code == 1227, administration.contains(where: { message.contains($0) }) {
      failure?.remedy = noAdministration
    }
    return failure
  }

  /// What to do where the app lacks a right that the master user of RDS lacks too, by the number of the error.
  private static let remedies = [
    1227:
      "nor may it on RDS, unless the definer is root, whom RDS does not have: take the DEFINER= clauses of other users "
      + "out of the dump: "
      + "sed -E 's/DEFINER *= *[^ ]+@[^ *]+//g' FILE",
    1049: "the dump names its database in front of its tables: dump it without --databases",
    1153: "the statement is larger than the server takes: dump with --skip-extended-insert",
    1419: "nor may it on RDS by default: dump without triggers and functions (--skip-triggers)",
    // A table, a routine, a trigger, an event, a database that is there.
    1050: ImportFailure.replacing, 1304: ImportFailure.replacing, 1359: ImportFailure.replacing,
    1537: ImportFailure.replacing,
    // The ways to say that the client hands over no file.
    1148: ImportFailure.untrusted,
    2068: ImportFailure.untrusted,
    3948: ImportFailure.untrusted,
    4166: ImportFailure.untrusted,
  ]

  /// Rights to administer the server, as errors name them; the others are about definers.
  private static let administration = ["VARIABLES_ADMIN", "BINLOG", "REPLICATION", "CONNECTION", "READ_ONLY"]
  private static let noAdministration = "nor may it on RDS: take that line out"

  private static let noCommands =
    "an import knows none of the client's own commands: take that line out (for SOURCE, put the file in its place)"
  /// How the server names a statement that would be a command of the client's.
  private static var clientWords: Regex<(Substring, Substring)> {
    /to use near '(source|system|tee|notee|pager|prompt|connect|status|warnings|nowarning)\b/.ignoresCase()
  }
}
