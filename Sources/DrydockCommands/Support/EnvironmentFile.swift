import ConvoxEnvironment
import DrydockBase
import LocalFiles

/// A file of variables that the user names.
struct EnvironmentFile {
  /// How its bytes are read.
  enum Syntax {
    /// Convox's lines.
    case convox
    /// As dotenv libraries do.
    case dotenv
  }

  private let path: String

  init(_ path: String) { self.path = path }

  /// Reads it.
  /// - Throws: `DrydockError.usage` for what is no file of variables.
  func read(as syntax: Syntax) throws -> (environment: AppEnvironment, warnings: [String]) {
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(path, limit: 1 << 24, takesStreams: true)
    } catch {
      throw DrydockError(
        .usage, "cannot read the env file \(path): \(error.reason)",
        suggestion: "name a file with a NAME=value on each line")
    }
    do {
      switch syntax {
      case .convox: return try AppEnvironment.read(bytes)
      case .dotenv: return try DotenvFile.read(bytes)
      }
    } catch {
      throw DrydockError(
        .usage, "cannot read the env file \(path): \(error.message)", suggestion: error.suggestion)
    }
  }
}
