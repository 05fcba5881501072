package import Foundation

/// A fixture could not be set up.
package struct FixtureError: Error, CustomStringConvertible {
  /// What went wrong.
  package let description: String

  /// An error in words.
  package init(_ description: String) {
    self.description = description
  }
}

/// A real engine on a temporary folder and a free port of 127.0.0.1, started and not yet waited for.
package struct TemporaryEngine: Sendable {
  /// The TCP port.
  package let port: Int
  /// The engine's folder: data, sockets and logs. Removed afterwards.
  package let folder: URL
  /// Its process id; the engine itself, not a shell or a wrapper.
  package let processID: Int32
  /// The Unix socket: PostgreSQL's directory, MariaDB's path; `nil` for the others.
  package let socket: String?
  /// The administrator's password: PostgreSQL's "postgres"; empty for the others.
  package let password: String

  /// What the engine has logged.
  package var log: String {
    (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? ""
  }
}

/// The engines as they are installed on this machine.
package enum InstalledEngines {
  /// PostgreSQL's folder of programs.
  package static let postgres = newest(
    in: ["/usr/lib/postgresql", "/opt/homebrew/opt"], program: "bin/initdb"
  )
  .map { $0.deletingLastPathComponent() }
  /// MariaDB's server.
  package static let mariadb = find("mariadbd")
  /// MariaDB's initialisation.
  package static let mariadbInstall = find("mariadb-install-db")
  /// redis.
  package static let redis = find("redis-server")
  /// memcached.
  package static let memcached = find("memcached")

  private static func find(_ name: String) -> URL? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return (folders + ["/usr/sbin", "/usr/local/sbin"])
      .map { URL(fileURLWithPath: $0).appending(path: name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  private static func newest(in folders: [String], program: String) -> URL? {
    folders.flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .sorted { $0.compare($1, options: .numeric) == .orderedDescending }
        .map { URL(fileURLWithPath: folder).appending(path: $0).appending(path: program) }
    }
    .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}

/// Runs `body` with a PostgreSQL server whose `cluster_name` is `marker`; login by password only.
package func withTemporaryPostgres<Value: Sendable>(
  marker: String, settings: [String: String] = [:], _ body: (TemporaryEngine) async throws -> Value
) async throws -> Value {
  guard let programs = InstalledEngines.postgres else { throw FixtureError("PostgreSQL is not installed") }
  return try await withScratchFolder(user: "postgres") { folder, account in
    let password = "admin-\(UUID().uuidString)"
    try writeFile("password", password, in: folder, account)
    try await account.run(
      [
        programs.appending(path: "initdb").path, "-D", folder.appending(path: "data").path, "-U", "postgres",
        "-A", "scram-sha-256", "--pwfile", folder.appending(path: "password").path, "-E", "UTF8",
        "--no-locale", "--no-sync",
      ], in: folder)
    let port = try freePort()
    let fixed = [
      "port": "\(port)", "listen_addresses": "127.0.0.1", "unix_socket_directories": folder.path,
      "cluster_name": marker, "fsync": "off",
    ]
    let options = fixed.merging(settings) { $1 }.sorted { $0.key < $1.key }
      .flatMap { ["-c", "\($0.key)=\($0.value)"] }
    return try await account.serve(
      [programs.appending(path: "postgres").path, "-D", folder.appending(path: "data").path] + options,
      in: folder, stop: SIGQUIT
    ) {
      try await body(
        TemporaryEngine(
          port: port, folder: folder, processID: $0, socket: folder.path, password: password))
    }
  }
}

/// Runs `body` with a MariaDB server whose `report_host` is `marker`; root logs in over its socket without
/// password.
package func withTemporaryMariaDB<Value: Sendable>(
  marker: String, settings: [String] = [], _ body: (TemporaryEngine) async throws -> Value
) async throws -> Value {
  guard let server = InstalledEngines.mariadb, let install = InstalledEngines.mariadbInstall else {
    throw FixtureError("MariaDB is not installed")
  }
  return try await withScratchFolder(user: "mysql") { folder, account in
    let data = folder.appending(path: "data").path
    try await account.run(
      [
        install.path, "--no-defaults", "--datadir=\(data)", "--skip-test-db",
        "--auth-root-authentication-method=normal",
      ], in: folder)
    let port = try freePort()
    let socket = folder.appending(path: "socket").path
    let arguments = [
      server.path, "--no-defaults", "--datadir=\(data)", "--port=\(port)", "--socket=\(socket)",
      "--bind-address=127.0.0.1", "--report-host=\(marker)", "--skip-name-resolve",
      "--pid-file=\(folder.appending(path: "pid").path)",
    ]
    return try await account.serve(arguments + settings, in: folder, stop: SIGKILL) {
      try await body(
        TemporaryEngine(port: port, folder: folder, processID: $0, socket: socket, password: ""))
    }
  }
}

/// Runs `body` with a redis server whose config file's path holds `marker`.
package func withTemporaryRedis<Value: Sendable>(
  marker: String, settings: [String] = [], _ body: (TemporaryEngine) async throws -> Value
) async throws -> Value {
  guard let server = InstalledEngines.redis else { throw FixtureError("redis is not installed") }
  return try await withScratchFolder(user: "nobody") { folder, account in
    let port = try freePort()
    let lines =
      ["bind 127.0.0.1", "port \(port)", "dir \(folder.path)", "save \"\"", "appendonly no"] + settings
    let name = "\(marker).conf"
    try writeFile(name, lines.joined(separator: "\n") + "\n", in: folder, account)
    return try await account.serve(
      [server.path, folder.appending(path: name).path], in: folder, stop: SIGKILL
    ) {
      try await body(TemporaryEngine(port: port, folder: folder, processID: $0, socket: nil, password: ""))
    }
  }
}

/// Runs `body` with a memcached server.
package func withTemporaryMemcached<Value: Sendable>(
  _ body: (TemporaryEngine) async throws -> Value
) async throws -> Value {
  guard let server = InstalledEngines.memcached else { throw FixtureError("memcached is not installed") }
  return try await withScratchFolder(user: "nobody") { folder, account in
    let port = try freePort()
    let arguments = [server.path, "-l", "127.0.0.1", "-p", "\(port)", "-U", "0"]
    return try await account.serve(arguments, in: folder, stop: SIGKILL) {
      try await body(TemporaryEngine(port: port, folder: folder, processID: $0, socket: nil, password: ""))
    }
  }
}
