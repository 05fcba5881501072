package import ConvoxEnvironment
import DrydockBase
import Essentials
import LocalFiles

/// A throw-away instance that is held for commands which others run. It says so in its own folder, which nobody else can
/// read, and goes with that.
package struct ServedInstance: Sendable, Hashable, Codable {
  /// The app's folder.
  package let path: String
  /// Its own folder.
  package let folder: String
  /// What such a command is to find in its environment.
  package let variables: [String: String]

  init(path: String, folder: String, variables: [String: String]) {
    self.path = path
    self.folder = folder
    self.variables = variables
  }

  /// The one that says so in a folder; nil where none does.
  init?(in folder: String) {
    guard let bytes = try? BoundedFile.read(Self.record(folder), limit: 1 << 24),
      let found = try? JSONDecoder().decode(Self.self, from: Data(bytes)), found.folder.isExactly(folder)
    else { return nil }
    self = found
  }

  private static func record(_ folder: String) -> String { "\(folder)/served.json" }

  /// The file that a shell reads by its dot command.
  package var shellFile: String { "\(folder)/variables.sh" }

  /// The variables as others read them.
  package func rendered(as format: EnvironmentFormat) -> RenderedEnvironment {
    render(variables.map { EnvironmentVariable(name: $0.key, value: $0.value) }, as: format)
  }

  /// Writes down that it is there.
  /// - Throws: `AtomicFileError`.
  func publish() throws {
    try AtomicFile.write(
      Array(rendered(as: .shell).text.utf8), to: shellFile, mode: 0o600, onlyIfChanged: false)
    try AtomicFile.write(
      Array(try JSONEncoder().encode(self)), to: Self.record(folder), mode: 0o600, onlyIfChanged: false)
  }
}
