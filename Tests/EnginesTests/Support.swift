import ConvoxManifest

@testable import Engines

/// The secrets that no process list and no `inspect` may ever show.
enum Secrets {
  static let app = "app's-pass\\word"
  static let administrator = "administrators-password"
}

/// A request with secrets that are easy to find again.
func request(port: Int = 15432) -> ServerRequest {
  ServerRequest(
    marker: "drydock-abc123def456-mydb", port: port, password: Secrets.app,
    administratorPassword: Secrets.administrator)
}

/// The folders of an imagined server.
let folders = NativeFolders(folder: "/state/mydb", data: "/state/mydb/data", sockets: "/state/mydb/sockets")

/// An installation whose server prints this banner.
func installation(_ banner: String, version: ServerVersion) -> NativeInstallation {
  NativeInstallation(
    server: "/usr/sbin/the-server",
    tools: ["initdb": "/usr/lib/tools/initdb", "install": "/usr/bin/mariadb-install-db"], version: version,
    banner: banner)
}

extension ServerVersion {
  /// A version written as a test's literal; one that is no version fails the comparison it is used in.
  static func of(_ text: String) -> ServerVersion? { ServerVersion(in: text) }
}

/// The engine of a type that is a server.
func server(_ type: String) -> (any ServerEngine)? { ResourceCatalog.builtIn.engine(type)?.server }

/// The types that are servers.
let serverTypes = ["postgres", "mysql", "mariadb", "redis", "valkey", "memcached"]
