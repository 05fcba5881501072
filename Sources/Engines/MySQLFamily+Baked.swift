import HealthProbes

/// MySQL and MariaDB with their data in the image.
extension MySQLFamily {
  private static let statements = "/drydock/provision.sql"

  /// - Parameters:
  ///   - make: What a shell runs that finds the time zones' statements at `$zones`.
  ///   - server: What the server is called, the best first.
  ///   - identity: Files in the data directory by which servers tell each other apart.
  ///   - options: Options of the server besides.
  ///   - definers: Statements besides.
  static func baked(
    _ request: ServerRequest, make: String, servers: [String], identity: [String], options: [String],
    definers: [String]
  ) -> BakedRecipe {
    let tls = request.tlsFiles(in: "/drydock", owner: "mysql")
    let first = ["--init-file=\(statements)"]
    let provision = RecipeFile(
      statements, containedInitFile(request, definers), mode: 0o400, owner: "mysql")
    let words =
      ["--datadir=\(BakedRecipe.data)"] + first + options + settings(request)
      + settings(tls)
    return BakedRecipe(
      user: "mysql",
      make: """
        set -e
        data=\(BakedRecipe.data) zones=\(BakedRecipe.zones)
        \(make)
        cd "$data"
        rm -f \(BakedRecipe.line(["--"] + identity))
        """,
      wantsTimeZones: true,
      serve: """
        for server in \(servers.joined(separator: " ")); do
          command -v "$server" >/dev/null && exec "$server" \(BakedRecipe.line(words))
        done
        """,
      files: [provision] + (tls?.files ?? []),
      copy: BakedCopy(firstOptions: first, firstFiles: [provision]))
  }

  /// The statements that a server runs before it listens: its administrator comes from outside of the container.
  private static func containedInitFile(_ request: ServerRequest, _ definers: [String]) -> String {
    let password = MySQLSQL.quoteLiteral(request.administratorPassword)
    let administrator = [
      "ALTER USER 'root'@'localhost' IDENTIFIED BY \(password)",
      "CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY \(password)",
      "ALTER USER 'root'@'%' IDENTIFIED BY \(password)",
      "GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION",
    ]
    return (provisioning(request) + definers + administrator).map { $0 + ";\n" }.joined()
  }
}

extension MySQLEngine {
  /// Before 5.7 another tool makes the data.
  func baked(_ request: ServerRequest) -> BakedRecipe? {
    guard let version = request.version, !version.parts.lexicographicallyPrecedes([5, 7]) else { return nil }
    return MySQLFamily.baked(
      request,
      // The less there is of a log, the less a container copies.
      make: """
        mysqld --initialize-insecure "--datadir=$data" "--init-file=$zones" \
          --loose-innodb-redo-log-capacity=8388608 --skip-log-bin
        """,
      servers: ["mysqld"], identity: identityFiles,
      options: ["--loose-mysqlx=OFF", "--loose-innodb-redo-log-capacity=33554432"],
      definers: MySQLFamily.definers(version))
  }
}

extension MariaDBEngine {
  /// Before 10.4 the tool takes other options.
  func baked(_ request: ServerRequest) -> BakedRecipe? {
    guard let version = request.version, !version.parts.lexicographicallyPrecedes([10, 4]) else { return nil }
    return MySQLFamily.baked(
      request,
      make: """
        tool=$(command -v mariadb-install-db || command -v mysql_install_db)
        server=$(command -v mariadbd || command -v mysqld)
        TMPDIR=/tmp sh -c \(BakedRecipe.line([Self.install])) "$tool" "$zones" "$server" "$data" \
          "--datadir=$data" --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve \
          --innodb-log-file-size=4M >/dev/null
        """,
      servers: ["mariadbd", "mysqld"], identity: [], options: [], definers: [])
  }
}
