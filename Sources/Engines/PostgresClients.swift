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
      load: load, trustingLoad: load, lock: Self.lock,
      filters: { isTrusted, server in
        let here = try await PostgresSurroundings.of(server)
        return [RestrictionLines(isTrusted: isTrusted), PostgresForeignLines(here: here)]
      }, ending: Self.ending,
      marks: DumpMarks(
        starts: ["-- PostgreSQL database dump"], end: "-- PostgreSQL database dump complete"),
      converters: [
        ScriptConverter(
          recognises: Self.isArchive,
          recipe: ClientRecipe("restore", ["-f", "-"], environment: environment),
          // Before 12 the dash is a file's name.
          since: 12)
      ], clearing: PostgresClearing.words, failure: Self.failure)
  }

  /// Of pg_dump's formats those that one file holds: its own, and tar, whose first member is the table of contents.
  @Sendable private static func isArchive(_ head: [UInt8]) -> Bool {
    head.starts(with: "PGDMP".utf8)
      || head.starts(with: "toc.dat\0".utf8) && head.dropFirst(257).starts(with: "ustar".utf8)
  }

  private var load: ClientRecipe {
    ClientRecipe(
      "client", ["-X", "-w", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-c", "BEGIN", "-f", "-"],
      environment: environment.merging(["PGOPTIONS": "-c client_min_messages=warning"]) { $1 })
  }

  /// A setting that is made in a transaction is there afterwards only if that was committed. Where the script ends inside of
  /// COPY data, a text or a comment, psql takes these words for a part of it, and is content.
  ///
  /// They are one line, and begin with a word: since 15.20 and its like psql passes over the data of a COPY that failed, and
  /// over whole lines too where a COPY that did not fail is followed by a statement that begins with none, as `;` does.
  @Sendable private static func ending(_ nonce: String, _ isTrusted: Bool) -> ScriptEnding {
    ScriptEnding(
      closing: "\n;",
      words: "SET drydock.import = '\(nonce)';COMMIT;\(isTrusted ? "\\o \\\\ " : "")"
        + "SELECT pg_catalog.concat(pg_catalog.current_setting('drydock.import'), 'ed');\n",
      proof: "\(nonce)ed")
  }

  /// Two backslashes end the command's arguments, not the line. An old psql stops at a command that it does not know.
  private static let lock = ScriptLock(refusal: "invalid command \\restrict") { "\\restrict \($0) \\\\ " }

  @Sendable private static func failure(_ text: String) -> ImportFailure? {
    var failure = ImportFailure.first(in: text) {
      /psql:<stdin>:(\d+): (?:ERROR|FATAL|error):\s*([^\n]*)/
    }
    let message = failure?.message ?? ""
    failure?.remedy = remedies.first { message.contains($0.words) }?.remedy
    return failure
  }

  /// What to do about what the server says, by some of its words.
  private static let remedies: [(words: String, remedy: String)] = [
    ("\\unrestrict", ImportFailure.untrusted),
    ("already exists", ImportFailure.replacing),
    ("session_replication_role", "take that line out, and dump schema and data together"),
    ("is a system trigger", "dump schema and data together, or without --disable-triggers"),
    ("must be owner of", noOwners), ("must be member of role", noOwners),
    ("must be able to SET ROLE", noOwners),
    ("permission denied to create event trigger", noEventTriggers),
    ("permission denied for function", "nor may RDS's master user: take that line out"),
    ("must be superuser", "nor may RDS's master user: take that line out"),
    (
      "is not available",
      "install the extension (natively Debian's postgresql-15-pgvector, -postgis-3 and their like, then down and up; "
        + "in Docker an image that has it), or take that line out"
    ),
    (
      "permission denied to create extension",
      "nor may RDS's master user, or PostgreSQL is older than 13: take that line out"
    ),
    // Collations are those that the machine had when the data was made.
    (
      "for encoding \"UTF8\" does not exist",
      noLocale + ", and start fresh: drydock down RESOURCE --delete-data"
    ),
    ("invalid locale name", noLocale), ("invalid LC_COLLATE locale name", noLocale),
    ("cannot run inside a transaction block", "an import is one transaction: take that line out"),
    ("unrecognized configuration parameter", "this server is older than the dump: take that line out"),
    ("role \"", noOwners),
  ]

  private static let noLocale =
    "sort by COLLATE \"en-US-x-icu\", which needs no locale; or have the machine's (apt-get install locales-all)"

  /// As pg_dump writes them: the statement begins a line, and ends one of the lines behind that.
  private static let noEventTriggers =
    "RDS's master user may, this one not; leave them out: "
    + "sed -E '/^CREATE EVENT TRIGGER/,/;$/d; /^(ALTER|COMMENT ON) EVENT TRIGGER/d' FILE "
    + "| drydock resources import RESOURCE"

  private static let noOwners =
    "dump without roles: pg_dump --no-owner --no-privileges (pg_restore takes the same for an archive)"
}
