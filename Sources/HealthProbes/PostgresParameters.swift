import Essentials

/// Every connection parameter of libpq, so that the user's own settings have no influence.
///
/// libpq fills what is left out from `PG*` variables, a service file and `~/.pgpass`, and takes an empty value
/// for one left out (PostgreSQL's manual, "Database Connection Control Functions").
struct PostgresParameters {
  /// Keywords and values, none of them empty.
  let values: [(String, String)]

  init(_ target: ProbeTarget) {
    let wanted = Self.fixed.merging(Self.login(to: target)) { $1 }
    values = LibPQOption.all.compactMap { option in
      let value = wanted[option.keyword] ?? option.builtIn
      return value.isEmpty ? nil : (option.keyword, value)
    }
  }

  private static func login(to target: ProbeTarget) -> [String: String] {
    var values = [
      "port": String(target.port), "user": target.user, "password": target.password,
      "dbname": target.database.isEmpty ? target.user : target.database,
    ]
    if let socket = target.unixSocket {
      values["host"] = socketDirectory(socket)
      // Whoever knows by the system who comes asks for nothing.
      values["require_auth"] = "none,scram-sha-256"
    } else {
      values["host"] = target.host
      values["hostaddr"] = target.host
    }
    if let authority = target.authorityFile {
      values["sslmode"] = "verify-ca"
      values["sslrootcert"] = authority
    }
    return values
  }

  /// libpq wants the directory and adds the file's name, which holds the port, itself.
  private static func socketDirectory(_ path: String) -> String {
    let url = URL(fileURLWithPath: path)
    return url.lastPathComponent.hasPrefix(".s.PGSQL.") ? url.deletingLastPathComponent().path : path
  }

  /// What holds for every connection. The password file is one that cannot exist, as are the user's own
  /// certificate, key and revocation list.
  private static let fixed = [
    "application_name": "drydock", "client_encoding": "UTF8", "options": "-c client_min_messages=warning",
    "passfile": "/dev/null/none", "connect_timeout": "0", "sslmode": "disable", "gssencmode": "disable",
    "channel_binding": "disable", "sslnegotiation": "postgres", "sslcertmode": "disable",
    "sslcert": "/dev/null/none", "sslkey": "/dev/null/none", "sslcrl": "/dev/null/none",
    "ssl_min_protocol_version": "TLSv1.2", "ssl_max_protocol_version": "TLSv1.3",
    // Known since 16; before, the connection looks at what it is asked for itself.
    "require_auth": "scram-sha-256",
    "target_session_attrs": "any", "load_balance_hosts": "disable", "krbsrvname": "postgres",
  ]
}
