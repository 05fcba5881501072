import DrydockBase

/// How PostgreSQL's own clients are run.
struct PostgresClients {
  let place: ClientPlace

  /// libpq reads all of these; the password shows in no argument.
  private var environment: [String: String] {
    // libpq takes the folder, and finds the socket by the port.
    let folder = place.socket.map { socket in
      let parts = socket.splitExactly(at: "/", omittingEmpty: false)
      return parts.count > 1 ? parts.dropLast().joined(separator: "/") : socket
    }
    return [
      // Known since 16.
      "PGREQUIREAUTH": "scram-sha-256",
      "PGHOST": folder ?? "127.0.0.1", "PGPORT": "\(place.port)", "PGUSER": EngineAccounts.app,
      "PGPASSWORD": place.password, "PGDATABASE": EngineAccounts.app,
    ]
  }

  var console: ClientRecipe {
    ClientRecipe(
      "client", [], environment: environment,
      hiddenVariables: [
        "PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGOPTIONS", "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT",
        "PGSSLKEY", "PGREQUIRESSL", "PGCHANNELBINDING", "PGTARGETSESSIONATTRS",
      ])
  }

  /// One transaction, which is committed by the last words of the input only: an input that breaks off, for whatever
  /// reason, changes nothing. (`--single-transaction` would commit what it has read.)
  var transfer: ToolTransfer {
    ToolTransfer(
      export: ClientRecipe(
        "dump", ["--no-password", "--no-owner", "--no-privileges", "--encoding=UTF8"],
        environment: environment),
      load: load, trustingLoad: load, lock: Self.lock, filter: { RestrictionLines(isTrusted: $0) },
      commit: "\n;COMMIT;\n",
      marks: DumpMarks(
        starts: ["-- PostgreSQL database dump"], end: "-- PostgreSQL database dump complete"),
      foreignFormats: [
        "PGDMP": "it is in pg_dump's custom format: turn it into SQL with pg_restore -f dump.sql FILE"
      ],
      failure: Self.failure)
  }

  private var load: ClientRecipe {
    ClientRecipe(
      "client", ["-X", "-w", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-c", "BEGIN", "-f", "-"],
      environment: environment.merging(["PGOPTIONS": "-c client_min_messages=warning"]) { $1 })
  }

  /// Two backslashes end the command's arguments, not the line. An old psql stops at a command that it does not know.
  private static let lock = ScriptLock(refusal: "invalid command \\restrict") { "\\restrict \($0) \\\\ " }

  @Sendable private static func failure(_ text: String) -> ImportFailure? {
    var failure = ImportFailure.first(in: text) {
      /psql:<stdin>:(\d+): (?:ERROR|FATAL|error):\s*([^\n]*)/
    }
    if failure?.message.contains("\\unrestrict") == true { failure?.remedy = ImportFailure.untrusted }
    return failure
  }
}
