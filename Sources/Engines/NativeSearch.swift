/// How servers of an engine are recognised on a machine.
package struct NativeSearch: Sendable, Hashable {
  /// Names of the server's executable, best first.
  package var servers: [String]
  /// Tools that must lie beside the server or on the path, by the name that recipes use, each with its spellings.
  package var tools: [String: [String]]
  /// Folders to look in besides the path; `*` stands for any one name.
  package var folders: [String]
  /// How the clients are installed.
  package var clientRemedy: String { "apt-get install \(clientPackage) (or brew install \(brew))" }
  /// How the server is installed.
  package var remedy: String {
    "apt-get install \(apt) (" + (aptRemark.map { "\($0), " } ?? "") + "or brew install \(brew))"
  }
  /// Debian's package with the clients.
  package var clientPackage: String
  private var apt: String
  private var brew: String
  private var aptRemark: String?

  /// How to find an engine.
  /// - Parameters:
  ///   - apt: Debian's or Ubuntu's package with the server.
  ///   - aptRemark: Where that package is not to be had, and what stands in for it there.
  ///   - brew: Homebrew's formula.
  ///   - clients: Debian's package with the clients; nil for the server's own.
  package init(
    servers: [String], tools: [String: [String]] = [:], folders: [String] = [], apt: String,
    aptRemark: String? = nil, brew: String, clients: String? = nil
  ) {
    self.servers = servers
    self.tools = tools
    self.folders = folders
    self.clientPackage = clients ?? apt
    self.apt = apt
    self.aptRemark = aptRemark
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
