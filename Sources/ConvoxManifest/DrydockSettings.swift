/// `drydock.yml`: how an app is worked on, on this machine. It lies beside convox.yml, may be absent, and holds nothing
/// that production needs; Convox knows nothing of it.
package struct DrydockSettings: Sendable, Hashable {
  /// What the file is called.
  package static let fileName = "drydock.yml"
  /// The most bytes that it may have.
  package static let sizeLimit = 1 << 16

  /// How a service is run.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// As a process of this machine.
    case process
    /// In a container.
    case container
    /// Not at all.
    case off
  }

  /// What happens when a file changes.
  package enum WatchAction: String, Sendable, Hashable, CaseIterable {
    /// It goes into the container; a process has it already.
    case sync
    /// The same, and the service is restarted.
    case syncAndRestart = "sync+restart"
    /// The image is built again and the service restarted.
    case rebuild
    /// The service is restarted.
    case restart
    /// Nothing.
    case off
  }

  /// What happens when a file below a path changes.
  package struct WatchRule: Sendable, Hashable {
    /// A file or folder, relative to the app's folder; `*`, `?` and `**` as in a .dockerignore. `.` is everything.
    package var path: String
    /// What happens.
    package var action: WatchAction

    /// A rule.
    package init(_ path: String, _ action: WatchAction) {
      self.path = path
      self.action = action
    }
  }

  /// A command that is run once, with a service's variables, as that service is run.
  package struct Hook: Sendable, Hashable {
    /// The service.
    package var service: String
    /// The command, words joined by a space where it is a list.
    package var command: String
    /// The words where it is a list, which no shell sees.
    package var argv: [String]?
    /// Where it stands.
    package var location: SourceLocation

    /// A hook.
    package init(service: String, command: String, argv: [String]? = nil, location: SourceLocation) {
      self.service = service
      self.command = command
      self.argv = argv
      self.location = location
    }
  }

  /// `services:`: how each is run, where it is not left to drydock.
  package var kinds: [String: Kind] = [:]
  /// `tty:`: the services whose processes get a terminal.
  package var terminals: Set<String> = []
  /// `ports:`: the ports of 127.0.0.1 at which services are reached.
  package var ports: [String: Int] = [:]
  /// The same for what a service listens at besides its `port:`: for each service its ports with those of 127.0.0.1.
  package var furtherPorts: [String: [Int: Int]] = [:]
  /// `watch:`: for each service the rules in the order of the file, of which the first that fits a file counts.
  package var watch: [String: [WatchRule]] = [:]
  /// `hooks: before-start:` in order: resources are up, and no service is.
  package var beforeStart: [Hook] = []
  /// `hooks: after-ready:` in order: every service is ready.
  package var afterReady: [Hook] = []

  /// No settings.
  package init() {}

  /// Reads a drydock.yml.
  /// - Parameters:
  ///   - bytes: Its content, in which `${` means nothing.
  ///   - file: What it is called in messages.
  ///   - manifest: Says which services there are.
  /// - Throws: `ManifestError` with a place for each finding.
  package init(_ bytes: [UInt8], file: String = fileName, for manifest: Manifest) throws(ManifestError) {
    let source = try ManifestSource(bytes, file: file, appEnvironment: nil)
    var reader = SettingsReader(source: source, manifest: manifest)
    self = try reader.read(try source.document())
  }
}
