package import Essentials

/// What a server said about itself after a successful login and query.
package struct ServerReport: Sendable, Hashable, Codable {
  /// The program that answered.
  package enum Flavour: String, Sendable, Hashable, Codable {
    /// PostgreSQL.
    case postgresql
    /// Oracle's MySQL or a relative that is not MariaDB.
    case mysql
    /// MariaDB.
    case mariadb
    /// Redis.
    case redis
    /// Valkey, which speaks as Redis does.
    case valkey
    /// memcached.
    case memcached
  }

  /// The program that answered.
  package var flavour: Flavour
  /// Its version as it states it, for instance "15.20 (Debian 15.20-0+deb12u1)" or "8.4.3".
  package var version: String
  /// The mark drydock gave the server: PostgreSQL's `cluster_name`, MySQL's and MariaDB's `report_host`,
  /// redis's `config_file`. `nil` where the protocol has none or nothing was set.
  package var marker: String?
  /// The server's process id in its own namespace: redis and memcached only.
  package var processID: Int?
  /// When it started, as far as it tells. MySQL, redis and memcached count in whole seconds.
  package var startTime: Date?
  /// How long it has run, in seconds by its own clock.
  package var uptimeSeconds: Double?
  /// What is new at every start: PostgreSQL's exact start time, redis's `run_id`. `nil` for the rest.
  package var runID: String?
  /// Whether it takes no writes (a standby, a replica).
  package var isReadOnly: Bool?
  /// The TCP port the server itself believes to listen on (inside its container, where it has one).
  package var port: Int?

  /// A report of a program and its version; the rest is filled in by the probe.
  package init(
    flavour: Flavour, version: String, marker: String? = nil, processID: Int? = nil,
    startTime: Date? = nil, uptimeSeconds: Double? = nil, runID: String? = nil,
    isReadOnly: Bool? = nil, port: Int? = nil
  ) {
    self.flavour = flavour
    self.version = version
    self.marker = marker
    self.processID = processID
    self.startTime = startTime
    self.uptimeSeconds = uptimeSeconds
    self.runID = runID
    self.isReadOnly = isReadOnly
    self.port = port
  }

  /// Whether both reports come from one run of one server: nothing restarted in between.
  ///
  /// Compares what is exact where there is something, else the start times within two seconds, since
  /// those are derived from whole seconds of uptime.
  package func isSameRun(as other: ServerReport) -> Bool {
    guard flavour == other.flavour, marker == other.marker, processID == other.processID else {
      return false
    }
    if let runID, let otherID = other.runID { return runID == otherID }
    guard let startTime, let otherStart = other.startTime else { return true }
    return abs(startTime.timeIntervalSince(otherStart)) <= 2
  }
}
