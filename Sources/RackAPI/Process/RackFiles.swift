package import AppState
import ConvoxEnvironment
import DrydockBase
import Emulator
import Essentials
import LocalFiles
import NativeProcess

/// What the rack keeps in drydock's home: its password, its port, its lock, its log.
package struct RackFiles: Sendable {
  /// The port where none is named.
  package static let defaultPort = 5443

  package let folder: String

  /// The files in a home.
  package init(home: StateHome) {
    folder = "\(home.root)/rack"
  }

  /// Holds the lock of a server that runs.
  private var serving: String { "\(folder)/serving" }
  /// The server as a program in the background.
  var program: BackgroundProcess<RackRecord> {
    BackgroundProcess(
      name: "the rack", lockFile: "\(serving)/lock", recordFile: "\(folder)/rack.json",
      files: SupervisedFiles(folder: "\(folder)/process"))
  }
  /// What a server in the background logs.
  package var log: String { program.files.logFile }
  /// The settings of Convox's tool, apart from the user's own.
  var convox: String { "\(folder)/convox" }
  private var passwordFile: String { "\(folder)/password" }

  /// Makes the folders, for the user alone.
  func prepare() throws {
    for path in [folder, serving, program.files.folder, convox] {
      do {
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw DrydockError(
          .cannotWrite, "cannot make the folder \(path): \(DrydockError(error).message)",
          suggestion: "free some space, or name a folder on another local disk by DRYDOCK_HOME")
      }
    }
  }

  /// The password that the server has, or had last; nil before the first one made it.
  func password() -> String? {
    guard let data = FileManager.default.contents(atPath: passwordFile) else { return nil }
    let password = String(decoding: data, as: UTF8.self).trimmed()
    return password.count == 32 ? password : nil
  }

  /// Makes the password, or another one. Only the server does, under its lock, before it listens: of several that start
  /// at once one makes it, and it is told when that one serves.
  func makePassword() throws -> String {
    let characters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    let password = String((0..<32).compactMap { _ in characters.randomElement() })
    try write(Array("\(password)\n".utf8), to: passwordFile)
    return password
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    do {
      try AtomicFile.write(bytes, to: path, mode: 0o600)
    } catch {
      throw DrydockError(.cannotWrite, error.message, suggestion: error.suggestion)
    }
  }
}

/// Where a server listens, or listened last.
struct RackRecord: Sendable, Codable {
  var port: Int
  /// Whether it opens consoles; nil for yes, as earlier ones all did.
  var hasConsoles: Bool?
}
