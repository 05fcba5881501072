import DrydockBase
import Essentials

/// The extensions that RDS's master user may create. PostgreSQL leaves most of them to the superuser, unless their control
/// file says that they are trusted, as it may from 13 on.
enum PostgresExtensions {
  /// From this version on a control file may say so.
  static let firstVersion = 13

  /// Those that RDS supports. What opens files or runs programs of the server's is none of them (adminpack, file_fdw,
  /// plperlu, plpython3u).
  ///
  /// Source: docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-extensions.html
  private static let listed: Set<String> = [
    "address_standardizer", "address_standardizer_data_us", "amcheck", "autoinc", "bloom", "bool_plperl",
    "btree_gin", "btree_gist", "citext", "cube", "dblink", "dict_int", "dict_xsyn", "earthdistance",
    "fuzzystrmatch", "h3", "h3_postgis", "hll", "hstore", "hstore_plperl", "hypopg", "insert_username",
    "intagg", "intarray", "ip4r", "isn", "jsonb_plperl", "lo", "ltree", "moddatetime", "mysql_fdw",
    "old_snapshot", "oracle_fdw", "orafce", "pageinspect", "pg_bigm", "pg_buffercache", "pg_cron",
    "pg_freespacemap", "pg_hint_plan", "pg_partman", "pg_prewarm", "pg_proctab", "pg_repack", "pg_similarity",
    "pg_stat_statements", "pg_tle", "pg_trgm", "pg_visibility", "pgaudit", "pgcrypto", "pglogical",
    "pgrouting", "pgrowlocks", "pgstattuple", "pgtap", "plperl", "plpgsql", "plprofiler", "pltcl", "plv8",
    "postgis", "postgis_raster", "postgis_tiger_geocoder", "postgis_topology", "postgres_fdw", "prefix",
    "rdkit", "refint", "seg", "semver", "sslinfo", "tablefunc", "tcn", "tds_fdw", "tsm_system_rows",
    "tsm_system_time", "unaccent", "uuid-ossp", "vector", "xml2",
  ]

  /// The files that are amended, in one of these folders: control files, and the scripts of foreign data wrappers, which are
  /// the superuser's else.
  static func amendments(_ folders: [String]) -> FileAmendments {
    FileAmendments(folders: folders) { name in
      control(name) != nil || wrapper(name) != nil
    } amend: { name, text in
      if control(name) != nil { return trusted(text) }
      return wrapper(name).map { "\(text)\nGRANT USAGE ON FOREIGN DATA WRAPPER \($0) TO rds_superuser;\n" }
    }
  }

  /// Of which listed extension a file is the control file.
  private static func control(_ file: String) -> String? {
    guard file.hasSuffix(".control") else { return nil }
    let name = String(file.dropLast(".control".count))
    return listed.contains(name) ? name : nil
  }

  /// Which listed foreign data wrapper a script makes: `NAME--VERSION.sql`, and not from an earlier version.
  private static func wrapper(_ file: String) -> String? {
    guard file.hasSuffix(".sql"), file.contains("_fdw--"),
      let match = file.firstMatch(of: /^(\w+_fdw)--[\w.]+\.sql$/)
    else { return nil }
    let name = String(match.output.1)
    return listed.contains(name) ? name : nil
  }

  /// A control file that says so; nil where it does already.
  private static func trusted(_ text: String) -> String? {
    let lines = text.splitExactly(at: "\n", omittingEmpty: false)
    let others = lines.filter { trust($0) == nil }
    let words = ["true", "on", "yes"]
    if lines.compactMap(trust).contains(where: { words.contains(where: $0.hasPrefix) }) { return nil }
    return (others.filter { !$0.isEmpty } + ["trusted = true", ""]).joined(separator: "\n")
  }

  /// What a line sets `trusted` to, without the quote before it; nil for another line.
  private static func trust(_ line: String) -> Substring? {
    let name = line.drop(while: \.isWhitespace)
    let rest = name.dropFirst("trusted".count).drop(while: \.isWhitespace)
    guard name.hasPrefix("trusted"), rest.first == "=" else { return nil }
    let value = rest.dropFirst().drop(while: \.isWhitespace)
    return value.first == "'" ? value.dropFirst() : value
  }

  /// Where images keep the files: the official ones on Debian and on Alpine, those on RHEL and its like, Bitnami's.
  private static func shares(_ version: ServerVersion) -> [String] {
    [
      "/usr/share/postgresql/\(version.major)", "/usr/local/share/postgresql",
      "/usr/pgsql-\(version.major)/share", "/opt/bitnami/postgresql/share",
    ]
  }

  /// What is amended in an image.
  static func image(_ version: ServerVersion) -> ImageAmendments {
    let shares = shares(version)
    return ImageAmendments(
      files: amendments(shares.map { "\($0)/extension" }), condition: "\(preloaded).control",
      // Debian's images have one for all versions.
      settings: (shares + ["/usr/share/postgresql"]).map { "\($0)/postgresql.conf.sample" },
      amendSettings: adding)
  }

  /// Settings with the library besides those that the image has loaded itself; nil where it has that one too.
  @Sendable private static func adding(to settings: String) -> String? {
    let lines = settings.splitExactly(at: "\n")
    // The last line counts.
    let loaded =
      lines.compactMap { line in
        line.firstMatch(of: /^\s*shared_preload_libraries\s*=?\s*'([^']*)'/).map { String($0.output.1) }
      }.last ?? ""
    let names = loaded.splitExactly(at: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
    guard !names.contains(preloaded) else { return nil }
    let value = (names + [preloaded]).joined(separator: ",")
    return settings + "\nshared_preload_libraries = '\(value)'\n"
  }

  /// RDS loads it into every server: its view is of no use without.
  private static let preloaded = "pg_stat_statements"

  /// The setting that has a server load it, where it is installed.
  static func preloading(_ server: String) -> [String] {
    let prefix = URL(filePath: server).deletingLastPathComponent().deletingLastPathComponent().path
    let isThere = ["lib", "lib/postgresql"].contains { folder in
      ["so", "dylib"].contains {
        FileManager.default.fileExists(atPath: "\(prefix)/\(folder)/\(preloaded).\($0)")
      }
    }
    return isThere ? ["-c", "shared_preload_libraries=\(preloaded)"] : []
  }
}

/// Where an installed PostgreSQL keeps its parts; its executable finds them by their places from its own.
struct PostgresLayout {
  private let executable: String
  /// `pg_config --sharedir`.
  private let share: String
  /// `pg_config --pkglibdir`, or a folder above it.
  private let libraries: String

  /// The layout of Debian's packages, of PostgreSQL's own for Fedora and its like, and of what is built from source; nil for
  /// another.
  /// - Parameters:
  ///   - server: The executable's real path.
  ///   - exists: Whether a file is there.
  init?(server: String, exists: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }) {
    guard server.hasSuffix("/bin/postgres") else { return nil }
    let prefix = String(server.dropLast("/bin/postgres".count))
    let version = prefix.splitExactly(at: "/").last ?? ""
    let debian = prefix == "/usr/lib/postgresql/\(version)" ? ["/usr/share/postgresql/\(version)"] : []
    let candidates = debian + ["\(prefix)/share", "\(prefix)/share/postgresql"]
    guard let share = candidates.first(where: { exists("\($0)/extension/plpgsql.control") }) else {
      return nil
    }
    executable = server
    self.share = share
    libraries = "\(prefix)/lib"
  }

  /// The server for which control files say more than the system's do.
  var relocation: Relocation {
    Relocation(
      executable: executable, linked: [libraries], folder: share,
      amendments: PostgresExtensions.amendments(["\(share)/extension"]))
  }
}
