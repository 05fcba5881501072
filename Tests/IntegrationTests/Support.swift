import DrydockTestSupport
import Foundation
import Testing

/// A resource as `ps --format json` shows it.
struct Row: Decodable, Hashable {
  var app: String
  var resource: String
  var status: String
  var reason: String?
  var version: String?
  var wantedVersion: String?
  var runtime: String?
  var pid: Int32?
  var container: String?
  var network: String?
  var port: Int?
  var directory: String?
  var startedAt: String?
  var lastLog: [String]?
}

/// An item of a plan or an outcome of `up --format json`.
struct Step: Decodable, Hashable {
  var resource: String
  var action: String
  var status: String?
  var version: String?
  var drift: String?
  var notice: String?
  var port: Int?
}

/// What `up --dry-run --format json` prints.
struct PlanPage: Decodable {
  var runtime: String
  var items: [Step]
}

extension AppFixture {
  /// Brings everything up; anything but success fails the test.
  @discardableResult
  func up(_ arguments: String..., environment: [String: String] = [:]) async throws -> [String: Step] {
    let result = try await start(["up", "--format", "json"] + arguments, environment: environment).result()
    try #require(result.status == 0, "\(result)")
    let steps: [Step] = try result.decode()
    return Dictionary(steps.map { ($0.resource, $0) }) { first, _ in first }
  }

  /// Every resource of the instance.
  func ps(_ arguments: String...) async throws -> [String: Row] {
    let result = try await start(["ps", "--format", "json"] + arguments).result()
    try #require(result.status == 0, "\(result)")
    let rows: [Row] = try result.decode()
    return Dictionary(rows.map { ($0.resource, $0) }) { first, _ in first }
  }

  /// The variables of a service, or of all resources.
  func variables(_ service: String? = nil) async throws -> [String: String] {
    let words = ["env"] + (service.map { [$0] } ?? []) + ["--format", "json"]
    let result = try await start(words).result()
    try #require(result.status == 0, "\(result)")
    return try result.decode()
  }

  /// Runs SQL by the client of the URL's engine, as the URL's user or another.
  func sql(
    _ statement: String, at url: String, user: String? = nil, password: String? = nil, database: String? = nil
  ) async throws -> CommandResult {
    let parts = try #require(URLComponents(string: url))
    let host = try #require(parts.host)
    let port = "\(try #require(parts.port))"
    let name = database ?? String(parts.path.dropFirst())
    let (user, password) = (user ?? parts.user ?? "", password ?? parts.password ?? "")
    if parts.scheme == "postgres" {
      let client = InstalledEngines.postgres?.appending(path: "psql").path ?? "psql"
      return try await program(
        client, "-X", "-At", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", port, "-U", user, "-d", name, "-c",
        statement, environment: ["PGPASSWORD": password])
    }
    return try await program(
      "mariadb", "--no-defaults", "--protocol=tcp", "--default-character-set=utf8mb4", "-h", host, "-P", port,
      "-u", user, "-D", name,
      "--batch", "--skip-column-names", "-e", statement, environment: ["MYSQL_PWD": password])
  }

  /// Runs SQL that has to work, and gives what it printed.
  @discardableResult
  func query(_ statement: String, at url: String) async throws -> String {
    let result = try await sql(statement, at: url)
    try #require(result.status == 0, "\(statement): \(result)")
    return result.stdout.trimmingCharacters(in: .newlines)
  }

  /// Runs a redis command and gives the answer.
  @discardableResult
  func redis(_ words: String..., port: Int) async throws -> String {
    let result = try await start(["redis-cli", "-h", "127.0.0.1", "-p", "\(port)"] + words, tool: true)
      .result()
    try #require(result.status == 0, "\(result)")
    return result.stdout.trimmingCharacters(in: .newlines)
  }

  /// The state folder's only instance.
  func onlyInstance() throws -> String {
    let all = instances
    try #require(all.count == 1, "instances: \(all)")
    return all[0]
  }

  /// The folder of a native resource's files.
  func engineFolder(_ resource: String) throws -> URL {
    home.appending(path: "engines").appending(path: try onlyInstance()).appending(path: resource)
  }

  /// The processes that work for the app, or those of them whose command line holds a text.
  func processes(naming text: String? = nil) -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let path = root.path(percentEncoded: false)
    return names.compactMap { Int32($0) }.filter { id in
      let bytes = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") ?? Data()
      let command = String(decoding: bytes, as: UTF8.self)
      let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd")
      let isOurs = command.contains(path) || folder?.hasPrefix(path) == true
      return isOurs && text.map { command.contains($0) } ?? true
    }
  }
}

/// Small manifests that many tests share.
enum Manifests {
  static let redis = """
    resources:
      cache: { type: redis, options: { version: "7.0" } }
    services:
      web: { image: web, resources: [cache] }
    """

  static let postgres = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
    services:
      web: { image: web, resources: [mydb] }
    """

  static let mariadb = """
    resources:
      legacy: { type: mariadb, options: { version: "10.11" } }
    services:
      web: { image: web, resources: [legacy] }
    """

  static let small = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      cache: { type: redis, options: { version: "7.0" } }
      mem: { type: memcached, options: { version: "1.6" } }
    services:
      web: { image: web, resources: [mydb, cache, mem] }
    """

  /// Every type of server.
  static let full = """
    resources:
      mydb: { type: postgres, options: { version: "15" } }
      orders: { type: mysql, options: { version: "9.7" } }
      legacy: { type: mariadb, options: { version: "10.11" } }
      cache: { type: redis, options: { version: "7.0" } }
      mem: { type: memcached, options: { version: "1.6" } }
      files: { type: efs }
    services:
      web: { image: web, resources: [mydb, orders, legacy, cache, mem, files] }
    """
}

/// Whether this user can have mounts of its own here.
enum MountNamespaces {
  static let arePermitted: Bool = {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["unshare"] + (getuid() == 0 ? ["-m"] : ["-Urm"]) + ["true"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()
}

extension Trait where Self == ConditionTrait {
  /// Skips a test where the engines for native tests are not installed.
  static var nativeEngines: Self {
    .enabled(
      if: EngineAvailability.hasNativeEngines,
      "PostgreSQL, MariaDB, redis and memcached are not all installed here")
  }

  /// Skips a test where no Docker engine answers. In CI (`CI=true`) it runs all the same and fails.
  static var dockerEngine: Self {
    .enabled("no Docker engine answers") {
      if EngineAvailability.isCI { return true }
      return await EngineAvailability.docker().client != nil
    }
  }

  /// Skips a test for which the Docker engine lacks an image; `make images` builds them.
  static func images(_ names: String...) -> Self {
    .enabled("no Docker engine with the images \(names.joined(separator: ", ")) (make images)") {
      if EngineAvailability.isCI { return true }
      return await EngineAvailability.hasImages(names)
    }
  }

  /// Skips a test where nobody may make a mount namespace, not even root: in a container without privileges.
  static var mounts: Self {
    .enabled(if: MountNamespaces.arePermitted, "mount namespaces cannot be made here")
  }

  /// Skips a test that only root can do.
  static var root: Self { .enabled(if: getuid() == 0, "only root can do this") }
}
