import ConvoxEnvironment
import Foundation

/// The app's own folder: where its convox.yml lies, and the `.drydock` folder that drydock keeps in it.
public struct AppFolder: Sendable, Hashable {
  /// The folder's real path.
  public let path: String

  /// The folder at a path, links resolved.
  public init(_ path: String) {
    self.path = URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
  }

  /// `.drydock` in the folder.
  public var drydock: String { "\(path)/.drydock" }

  /// The id that the folder carries; nil when it never had an instance.
  public var id: String? {
    guard let data = FileManager.default.contents(atPath: "\(drydock)/id") else { return nil }
    let id = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    let isPlausible =
      (8...32).contains(id.count) && id.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber) }
    return isPlausible ? id : nil
  }

  /// Writes the id, and a .gitignore that keeps the folder out of commits.
  func write(id: String) throws {
    try prepare()
    try write(Array("\(id)\n".utf8), to: "id", mode: 0o600)
  }

  /// Makes `.drydock` with a .gitignore of its own.
  func prepare() throws {
    do {
      try Folder.make(drydock, mode: 0o700)
    } catch var error as EmulatorError {
      error.suggestion = Self.writable
      throw error
    }
    try write(Array("*\n".utf8), to: ".gitignore", mode: 0o644)
  }

  /// Writes a file in `.drydock` if a byte of it changes.
  func write(_ bytes: [UInt8], to name: String, mode: mode_t) throws {
    do {
      try AtomicFile.write(bytes, to: "\(drydock)/\(name)", mode: mode, onlyIfChanged: true)
    } catch {
      throw EmulatorError(
        .cannotWrite, "cannot write \(drydock)/\(name): \(error.reason)",
        suggestion: error.code == .unsupported ? error.suggestion : Self.writable)
    }
  }

  /// DRYDOCK_HOME does not help here: these files belong into the app's folder.
  private static let writable =
    "make the app's folder writable for you, on a disk that has room and keeps permissions"

  /// The app's name: the file `.convox/app`, else the folder's name.
  public var appName: String {
    let named = FileManager.default.contents(atPath: "\(path)/.convox/app")
      .map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
    if let named, !named.isEmpty { return named }
    let name = URL(filePath: path).lastPathComponent
    // Convox takes no other names; a folder may have any.
    return name == "/" || name.isEmpty ? "app" : Slug.make(name)
  }
}
