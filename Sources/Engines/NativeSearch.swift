/// How servers of an engine are recognised on a machine.
package struct NativeSearch: Sendable, Hashable {
  /// Names of the server's executable, best first.
  package var servers: [String]
  /// Tools that must lie beside the server or on the path, by the name that recipes use, each with its spellings.
  package var tools: [String: [String]]
  /// Folders to look in besides the path; `*` stands for any one name.
  package var folders: [String]
  /// Debian's package, Homebrew's formula: what an error says to install.
  package var packages: (apt: String, brew: String) {
    get { (apt, brew) }
    set { (apt, brew) = newValue }
  }
  /// Debian's package with the clients.
  package var clientPackage: String
  private var apt: String
  private var brew: String

  /// How to find an engine.
  package init(
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
package struct NativeInstallation: Sendable, Hashable {
  /// The server's executable.
  package var server: String
  /// The tools' executables by the name that recipes use.
  package var tools: [String: String]
  package var version: ServerVersion
  /// What `--version` printed, in which families tell themselves apart.
  package var banner: String

  /// An installation.
  package init(server: String, tools: [String: String], version: ServerVersion, banner: String) {
    self.server = server
    self.tools = tools
    self.version = version
    self.banner = banner
  }
}
