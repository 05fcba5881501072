import DrydockBase
import HealthProbes
import MonotonicTime

/// Streaming replication of PostgreSQL: a base backup, then the write-ahead log through a slot.
struct PostgresReplication: Replication {
  /// The password file's name in the replica's data directory, which is the server's working directory.
  static let passwordFile = "drydock.pgpass"

  /// The process that replays is the one that asks for a connection, once it has replayed what is there.
  let connectsWhileHeldBack = false
  let hearsOfPasswordsLater = true

  /// A field of a password file, in which colons part them.
  static func passwordField(_ text: String) -> String {
    text.replacingExactly("\\", with: "\\\\").replacingExactly(":", with: "\\:")
  }

  /// The replica's settings. Its source's port may change, so they are given anew at each start.
  static func settings(_ link: ReplicaLink) -> [String] {
    let source =
      "host=\(link.host) port=\(link.port) user=drydock passfile=\(passwordFile) application_name=\(link.name)"
    return ["-c", "primary_conninfo=\(source)", "-c", "primary_slot_name=\(link.name)"]
  }

  func prepareSource(_ source: ProbeTarget, _ link: ReplicaLink, until deadline: Deadline) async throws {
    try await releaseSource(source, link, until: deadline)
    // Reserved at once, so that nothing is lost between the backup and the first connection.
    _ = try await PostgresAdministrator(target: source).query(
      "SELECT pg_create_physical_replication_slot(\(PostgresSQL.quoteLiteral(link.name)), true)",
      until: deadline)
  }

  func seed(_ link: ReplicaLink, _ place: ReplicaPlace) -> ReplicaScript? {
    let folder: String
    var environment = ["SOURCE_HOST": link.host, "SOURCE_PORT": "\(link.port)", "SLOT": link.name]
    switch place {
    case .native(let installation, let folders):
      folder = folders.folder
      environment["PGDATA"] = folders.data
      environment["BASEBACKUP"] = installation.tools["basebackup"] ?? "pg_basebackup"
    case .container(let files):
      folder = files
      environment["BASEBACKUP"] = "pg_basebackup"
    }
    environment["PASSWORDS"] = "\(folder)/source.pgpass"
    environment["COPY"] = place.copy
    return ReplicaScript(
      """
      set -e
      umask 077
      mkdir -p "$PGDATA"
      # libpq takes a password file only from its owner, who differs between images.
      rm -f "$COPY"
      trap 'rm -f "$COPY"' EXIT
      cat "$PASSWORDS" >"$COPY"
      PGPASSFILE=$COPY "$BASEBACKUP" -h "$SOURCE_HOST" -p "$SOURCE_PORT" -U drydock -D "$PGDATA" \
        -X stream -S "$SLOT" --checkpoint=fast --no-sync -w
      cp "$COPY" "$PGDATA/\(Self.passwordFile)"
      # A source that is a held back replica itself does not hold back its own ones.
      settings=$PGDATA/postgresql.auto.conf
      kept=$(grep -v '^recovery_' "$settings" || true)
      printf '%s\\n' "$kept" >"$settings"
      : >"$PGDATA/standby.signal"
      """,
      environment: environment,
      files: [
        RecipeFile(
          "\(folder)/source.pgpass", "*:*:*:drydock:\(Self.passwordField(link.administratorPassword))\n")
      ],
      user: "postgres")
  }

  func load(_ link: ReplicaLink, replica: ProbeTarget, _ place: ReplicaPlace) -> ReplicaScript? { nil }
  func configure(_ replica: ProbeTarget, _ link: ReplicaLink, until deadline: Deadline) async throws {}

  func follow(
    _ replica: ProbeTarget, _ link: ReplicaLink, isPaused: Bool, until deadline: Deadline
  ) async throws {
    if isPaused { try await setPaused(true, replica, until: deadline) }
  }

  func position(_ source: ProbeTarget, until deadline: Deadline) async throws -> String {
    // Of a replica of a replica, the source itself is in recovery.
    try await value(
      "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END",
      source,
      deadline) ?? "0/0"
  }

  func hasPassed(_ position: String, _ replica: ProbeTarget, until deadline: Deadline) async throws -> Bool {
    let literal = PostgresSQL.quoteLiteral(position)
    return try await value("SELECT pg_last_wal_replay_lsn() >= \(literal)::pg_lsn", replica, deadline) == "t"
  }

  func status(
    _ replica: ProbeTarget, source: ProbeTarget?, _ link: ReplicaLink, until deadline: Deadline
  ) async throws -> ReplicationStatus {
    let rows = try await PostgresAdministrator(target: replica).query(
      """
      SELECT (SELECT status FROM pg_stat_wal_receiver), pg_is_wal_replay_paused(), pg_last_wal_replay_lsn(),
        extract(epoch FROM now() - pg_last_xact_replay_timestamp())
      WHERE pg_is_in_recovery()
      """, until: deadline)
    guard let row = rows.first, row.count == 4 else {
      return ReplicationStatus(
        isConnected: false, isApplying: false, lagUnit: "bytes", problem: "it is no replica")
    }
    var status = ReplicationStatus(
      isConnected: row[0] == "streaming", isApplying: row[1] == "f", lagUnit: "bytes")
    guard let source else { return status }
    try await measure(
      &status, replayed: row[2] ?? "0/0", age: row[3].flatMap(Double.init), source, link, deadline)
    return status
  }

  /// The lag in bytes and seconds; seconds only while something is outstanding, since an idle source writes nothing.
  private func measure(
    _ status: inout ReplicationStatus, replayed: String, age: Double?, _ source: ProbeTarget,
    _ link: ReplicaLink,
    _ deadline: Deadline
  ) async throws {
    let position = try await position(source, until: deadline)
    let (ahead, behind) = (PostgresSQL.quoteLiteral(position), PostgresSQL.quoteLiteral(replayed))
    let bytes = try await value("SELECT pg_wal_lsn_diff(\(ahead), \(behind))::bigint", source, deadline)
    status.lag = bytes.flatMap { Int($0) }.map { max(0, $0) }
    status.lagSeconds = status.lag == 0 ? 0 : age
    let slot = try await PostgresAdministrator(target: source).query(
      "SELECT restart_lsn IS NULL FROM pg_replication_slots WHERE slot_name = \(PostgresSQL.quoteLiteral(link.name))",
      until: deadline)
    // A slot that fell behind its limit keeps its name and loses its position.
    status.isLost = !status.isConnected && (slot.isEmpty || slot.first?.first == "t")
  }

  func promote(_ replica: ProbeTarget, until deadline: Deadline) async throws {
    let administrator = PostgresAdministrator(target: replica)
    guard try await value("SELECT pg_is_in_recovery()", replica, deadline) == "t" else { return }
    // What is paused or delayed is not to be lost.
    if try await value("SELECT pg_is_wal_replay_paused()", replica, deadline) == "t" {
      _ = try await administrator.query("SELECT pg_wal_replay_resume()", until: deadline)
    }
    _ = try await administrator.query("SELECT pg_promote(true, 60)", until: deadline)
    try await administrator.execute(
      ["ALTER SYSTEM RESET recovery_min_apply_delay"] + Self.forgetStop, until: deadline)
  }

  /// A promotion applies by itself what is there, a delay or not, but stops where a pause is written down.
  func applyReceived(_ replica: ProbeTarget, until deadline: Deadline) async throws {
    try await setPaused(false, replica, until: deadline)
  }

  func releaseSource(_ source: ProbeTarget, _ link: ReplicaLink, until deadline: Deadline) async throws {
    let slot = PostgresSQL.quoteLiteral(link.name)
    _ = try await PostgresAdministrator(target: source).query(
      """
      SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
      WHERE slot_name = \(slot) AND active_pid IS NOT NULL
      """, until: deadline)
    var pause = Backoff()
    while try await value(
      "SELECT active FROM pg_replication_slots WHERE slot_name = \(slot)", source, deadline) == "t"
    {
      try await pause.sleep(until: deadline, "the end of the replication by \(link.name)")
    }
    _ = try await PostgresAdministrator(target: source).query(
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = \(slot)",
      until: deadline)
  }

  func setDelay(_ seconds: Int, _ replica: ProbeTarget, until deadline: Deadline) async throws {
    try await PostgresAdministrator(target: replica).execute(
      ["ALTER SYSTEM SET recovery_min_apply_delay = '\(seconds)s'", "SELECT pg_reload_conf()"],
      until: deadline)
  }

  /// A server forgets that it was paused when it ends, and would apply what it has before anybody can log in. So the
  /// place is written down as its recovery target too, where the next start stops before the next record.
  func setPaused(_ paused: Bool, _ replica: ProbeTarget, until deadline: Deadline) async throws {
    let administrator = PostgresAdministrator(target: replica)
    guard paused else {
      try await administrator.execute(Self.forgetStop, until: deadline)
      // One that was started with a target would end its recovery now.
      if try await needsRestartToResume(replica, until: deadline) { return }
      _ = try await administrator.query("SELECT pg_wal_replay_resume()", until: deadline)
      return
    }
    _ = try await administrator.query("SELECT pg_wal_replay_pause()", until: deadline)
    let place = PostgresSQL.quoteLiteral(try await restingPlace(replica, until: deadline))
    try await administrator.execute(
      [
        "ALTER SYSTEM SET recovery_target_inclusive = off", "ALTER SYSTEM SET recovery_target_lsn = \(place)",
      ],
      until: deadline)
  }

  private static let forgetStop = ["recovery_target_lsn", "recovery_target_inclusive"].map {
    "ALTER SYSTEM RESET \($0)"
  }

  /// Where a replica that was just told to pause comes to rest: the record at hand is still applied.
  private func restingPlace(_ replica: ProbeTarget, until deadline: Deadline) async throws -> String {
    var pause = Backoff(first: .milliseconds(20))
    var last: String?
    while true {
      let place = try await value("SELECT pg_last_wal_replay_lsn()", replica, deadline)
      if let place, place == last { return place }
      last = place
      try await pause.sleep(until: deadline, "the replica to pause")
    }
  }

  func needsRestartToResume(_ replica: ProbeTarget, until deadline: Deadline) async throws -> Bool {
    try await value("SELECT current_setting('recovery_target_lsn') <> ''", replica, deadline) == "t"
  }

  private func value(_ query: String, _ target: ProbeTarget, _ deadline: Deadline) async throws -> String? {
    try await PostgresAdministrator(target: target).query(query, until: deadline).first?.first ?? nil
  }
}
