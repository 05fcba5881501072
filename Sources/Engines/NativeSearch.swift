/// How servers of an engine are recognised on a machine.
public struct NativeSearch: Sendable, Hashable {
  /// Names of the server's executable, best first.
  public var servers: [String]
  /// Tools that must lie beside the server or on the path, by the name that recipes use, each with its spellings.
  public var tools: [String: [String]]
  /// Folders to look in besides the path; `*` stands for any one name.
  public var folders: [String]
  /// Debian's package, Homebrew's formula: what an error says to install.
  public var packages: (apt: String, brew: String) {
    get { (apt, brew) }
    set { (apt, brew) = newValue }
  }
  /// Debian's package with the clients.
  public var clientPackage: String
  private var apt: String
  private var brew: String

  /// How to find an engine.
  public init(
    servers: [String], tools: [String: [String]] = [:], folders: [String] = [], apt: String, brew: String,
    clients: String? = nil
  ) {
    self.servers = servers
    self.tools = tools
    self.folders = folders
    self.clientPackage = clients ?? apt
    self.apt = apt
    self.brew = brew
  }
}

/// A server found on the machine.
public struct NativeInstallation: Sendable, Hashable {
  /// The server's executable.
  public var server: String
  /// The tools' executables by the name that recipes use.
  public var tools: [String: String]
  /// Its version.
  public var version: ServerVersion
  /// What `--version` printed, in which families tell themselves apart.
  public var banner: String

  /// An installation.
  public init(server: String, tools: [String: String], version: ServerVersion, banner: String) {
    self.server = server
    self.tools = tools
    self.version = version
    self.banner = banner
  }

  /// Whether it is MariaDB, also where it is installed under MySQL's name.
  public var isMariaDB: Bool { banner.contains("MariaDB") }
}
