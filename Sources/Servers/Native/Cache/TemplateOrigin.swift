import AppState
import Essentials
import NativeProcess

/// Which server a template was made by.
struct TemplateOrigin: Sendable, Hashable, Codable {
  /// The server's executable.
  let server: String
  /// What it was then.
  let stamp: FileStamp

  /// The file of a template in which it stands.
  static let fileName = "made-by"

  init(server: String, stamp: FileStamp) {
    self.server = server
    self.stamp = stamp
  }

  /// What stands in a template's folder; nil for one of an earlier drydock.
  init?(in folder: String) {
    guard let bytes = contents(ofRegularFile: "\(folder)/\(Self.fileName)", limit: 4096),
      let read = try? JSONDecoder().decode(Self.self, from: Data(bytes))
    else { return nil }
    self = read
  }

  /// Whether the server is still the same file.
  var isCurrent: Bool { FileStamp(server) == stamp }
}
