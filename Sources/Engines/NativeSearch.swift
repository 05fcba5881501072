/// How servers of an engine are recognised on a machine.
package struct NativeSearch: Sendable, Hashable {
  /// Names of the server's executable, best first.
  package var servers: [String]
  /// Tools that must lie beside the server or on the path, by the name that recipes use, each with its spellings.
  package var tools: [String: [String]]
  /// Folders to look in besides the path; `*` stands for any one name.
  package var folders: [String]
  /// Debian's and Ubuntu's package with the clients.
  package var clientPackage: String
  private var apt: String
  private var brew: String
  private var debian: DebianPackages

  /// What Debian has of an engine, where that is not what Ubuntu has.
  package struct DebianPackages: Sendable, Hashable {
    /// The first release with the engine's own packages; nil where none has them.
    var since: Int?
    /// The package with a server that stands in before that.
    var standIn: String
    /// The package with that one's clients.
    var clients: String
    /// Whether the engine is there in all releases.
    var isAlways: Bool { standIn.isEmpty }

    static let always = DebianPackages(since: 0, standIn: "", clients: "")
  }

  /// How to find an engine.
  /// - Parameters:
  ///   - apt: Debian's and Ubuntu's package with the server.
  ///   - debian: What Debian has in its place.
  ///   - brew: Homebrew's formula.
  ///   - clients: Debian's and Ubuntu's package with the clients; nil for the server's own.
  package init(
    servers: [String], tools: [String: [String]] = [:], folders: [String] = [], apt: String,
    debian: DebianPackages? = nil, brew: String, clients: String? = nil
  ) {
    self.servers = servers
    self.tools = tools
    self.folders = folders
    self.clientPackage = clients ?? apt
    self.apt = apt
    self.debian = debian ?? .always
    self.brew = brew
  }

  /// How the server is installed: by a package that the machine's system has.
  /// - Parameter hasStandIn: Whether the server that stands in is there already, so that only the engine's own would help.
  package func remedy(from source: PackageSource, hasStandIn: Bool = false) -> String {
    if isMissing(from: source) {
      return hasStandIn
        ? "this system has no package \(apt); Docker has the server's own image"
        : "apt-get install \(debian.standIn) (it stands in: this system has no package \(apt))"
    }
    return command(apt, source)
  }

  /// How the clients are installed.
  package func clientRemedy(from source: PackageSource) -> String {
    command(isMissing(from: source) ? debian.clients : clientPackage, source)
  }

  private func isMissing(from source: PackageSource) -> Bool {
    guard case .debian = source, !debian.isAlways else { return false }
    return debian.since.map { !source.hasDebian(from: $0) } ?? true
  }

  private func command(_ package: String, _ source: PackageSource) -> String {
    switch source {
    case .debian, .ubuntu: "apt-get install \(package)"
    case .homebrew: "brew install \(brew)"
    case .unknown: "install what Debian has as \(package)"
    }
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
